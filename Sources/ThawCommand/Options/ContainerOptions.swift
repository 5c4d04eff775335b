import ArgumentParser
import ServerAssembly

/// Where functions that are container images come from.
package struct ContainerOptions: ParsableArguments {
    @Option(
        name: .customLong("insecure-registry"), parsing: .singleValue,
        help: ArgumentHelp(
            "A registry that has no TLS. May be given again. Default: those on this machine alone.",
            valueName: "host[:port]"))
    var insecureRegistries: [String] = []

    @Option(
        name: .customLong("registry-ca"),
        help: ArgumentHelp(
            "File with the authorities in PEM that registries' certificates are checked against. Default: the system's.",
            valueName: "file"))
    var authorities: String?

    @Option(
        name: .customLong("registry-auth"),
        help: ArgumentHelp(
            """
            File with logins of registries, as docker login writes it. Default: REGISTRY_AUTH_FILE of the environment, else \
            ~/.docker/config.json.
            """, valueName: "file"))
    var logins: String?

    @Flag(
        name: .customLong("image-files"), inversion: .prefixedNo,
        help: "Take images from files on this host, too: oci:DIRECTORY, oci-archive:FILE, docker-archive:FILE.")
    var files = true

    package init() {}

    var choice: ContainerChoice {
        var choice = ContainerChoice()
        choice.insecureRegistries = Set(insecureRegistries)
        choice.authorities = authorities.map { StateDirectory.absolute($0) }
        choice.logins = logins.map { StateDirectory.absolute($0) }
        choice.allowsFiles = files
        return choice
    }
}
