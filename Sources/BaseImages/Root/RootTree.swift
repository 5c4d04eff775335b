internal import GuestProtocol
internal import SystemPackage

/// The tree of a root file system while it is put together. Paths are absolute as the guest will see them.
///
/// The packages in it were only unpacked: what their maintainer scripts do and a function can notice is done here.
struct RootTree: Sendable {
    let path: FilePath

    /// The guest mounts something on each.
    static let mountPoints = ["/dev", "/opt", "/proc", "/run", "/sys", "/tmp", "/var/task"]

    /// Package management and documentation; also what mmdebstrap took over from the host.
    static let unneeded = [
        "/boot", "/dev", "/etc/apt", "/etc/cron.daily", "/etc/dpkg", "/etc/fstab", "/etc/hostname", "/etc/logrotate.d",
        "/etc/resolv.conf", "/etc/systemd", "/proc", "/run", "/sys", "/tmp", "/usr/games", "/usr/include",
        "/usr/lib/apt",
        "/usr/lib/dpkg", "/usr/lib/systemd", "/usr/lib/udev", "/usr/share/bash-completion", "/usr/share/bug",
        "/usr/share/debconf", "/usr/share/doc", "/usr/share/doc-base", "/usr/share/dpkg", "/usr/share/info",
        "/usr/share/lintian", "/usr/share/locale", "/usr/share/man", "/usr/share/menu", "/usr/share/pixmaps",
        "/usr/src", "/var/cache", "/var/lib/apt", "/var/lib/dpkg", "/var/log", "/var/run", "/var/tmp",
    ]

    private static let user = RuntimeUser.name

    static let configuration: [(path: String, content: String)] =
        [
            (
                "/etc/passwd",
                "root:x:0:0:root:/root:/bin/bash\n\(user):x:\(RuntimeUser.user):\(RuntimeUser.group)::/home/\(user):/sbin/nologin\n"
            ),
            ("/etc/group", "root:x:0:\n\(user):x:\(RuntimeUser.group):\n"),
            ("/etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n"),
        ] + SandboxFiles.network

    static let links: [(path: String, target: String)] = [
        // What AWS's base has, and scripts count on: `pipefail`, `source`, arrays.
        ("/bin/sh", "bash"),
        ("/usr/bin/awk", "gawk"),
        ("/etc/localtime", "/usr/share/zoneinfo/UTC"),
        ("/etc/mtab", "/proc/self/mounts"),
        // Under the names that AWS's base has for them.
        ("/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt"),
        ("/etc/pki/tls/cert.pem", "/etc/ssl/certs/ca-certificates.crt"),
        ("/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/certs/ca-certificates.crt"),
        ("/etc/ssl/certs/ca-bundle.crt", "ca-certificates.crt"),
        // Where OpenSSL looks for authorities; Debian's hashed directory is made by a script that is not run.
        ("/usr/lib/ssl/cert.pem", "/etc/ssl/certs/ca-certificates.crt"),
        ("/var/run", "/run"),
        ("/var/tmp", "/tmp"),
    ]

    /// Starts the runtime by hand, as in the images that functions are built on.
    private static let entrypoint = """
        #!/bin/bash
        if [ $# -ne 1 ]; then
            echo "entrypoint requires the handler name to be the first argument" >&2
            exit 142
        fi
        export _HANDLER=$1
        exec /var/runtime/bootstrap

        """

    func inside(_ absolute: String) -> FilePath { path.appending(FilePath(absolute).components) }

    func removeUnneeded(and more: [String]) throws(ImageError) {
        for place in RootTree.unneeded + more { try Tree.remove(inside(place)) }
    }

    func configure() throws(ImageError) {
        for place in RootTree.mountPoints + ["/home/\(RuntimeUser.name)", "/var/runtime"] {
            try Tree.make(inside(place))
        }
        for (place, content) in RootTree.configuration { try put(Array(content.utf8), at: place) }
        for (place, target) in RootTree.links { try putLink(at: place, to: target) }
        try put(Array(RootTree.entrypoint.utf8), at: "/lambda-entrypoint.sh", executable: true)
    }

    /// Replaces what is there.
    func put(_ bytes: [UInt8], at place: String, executable: Bool = false) throws(ImageError) {
        let file = inside(place)
        try Tree.make(file.removingLastComponent())
        try Tree.remove(file)
        try Files.write(bytes, to: file, mode: executable ? .imageExecutable : .image)
    }

    /// Replaces what is there.
    func putLink(at place: String, to target: String) throws(ImageError) {
        let link = inside(place)
        try Tree.make(link.removingLastComponent())
        try Tree.remove(link)
        try Files.symbolicLink(link, to: target)
    }

    /// Makes the bundle of certificate authorities, and Java's if it is asked for, from the package ca-certificates.
    func installAuthorities(javaTrustStore: String?) throws(ImageError) {
        let source = inside("/usr/share/ca-certificates")
        var bundle = ""
        var authorities: [(name: String, der: [UInt8])] = []
        for file in try Tree.files(below: source) where file.extension == "crt" {
            let text = String(decoding: try Files.read(source.pushing(file)), as: UTF8.self)
            bundle += text.hasSuffix("\n") ? text : text + "\n"
            for (index, der) in JavaTrustStore.certificates(inPEM: text).enumerated() {
                authorities.append(("debian:\(JavaTrustStore.alias(file.stem ?? ""))-\(index)", der))
            }
        }
        try put(Array(bundle.utf8), at: "/etc/ssl/certs/ca-certificates.crt")
        if let javaTrustStore { try put(JavaTrustStore.encode(authorities), at: javaTrustStore) }
    }

    /// Takes the set-user-ID and set-group-ID bits off everything: nothing in a sandbox gains privileges.
    func dropPrivilegeBits() throws(ImageError) {
        for file in try Tree.files(below: path) { try Files.dropPrivilegeBits(path.pushing(file)) }
    }
}
