import ArgumentParser
import FunctionModel
import Logging
import MicroVMEngine
import ServerAssembly
import Telemetry

/// What can be set about a server, with the limits of each value.
package struct ServerOptions: ParsableArguments {
    private static let standard = ServerConfiguration(state: StateDirectory(StateDirectory.standard))

    @OptionGroup package var state: StateOptions
    @OptionGroup(title: "Network slots") package var slots: SlotOptions
    @OptionGroup(title: "Functions' logs") package var logs: LogOptions
    @OptionGroup(title: "Concurrency and events") package var concurrency: ConcurrencyOptions
    @OptionGroup(title: "Other services of AWS") package var aws: AWSOptions
    @OptionGroup(title: "Container images") package var containers: ContainerOptions

    @Option(
        help: """
            Address to listen on. Who can reach it can run code here, unless --auth says who may: beyond loopback it has to, or \
            --allow-unauthenticated.
            """)
    var address = Self.standard.address

    @Option(help: "Port to listen on; 0 lets the kernel choose.")
    package var port = Self.standard.port

    @Option(
        name: .customLong("allow-host"), parsing: .singleValue,
        help: """
            A further name under which clients reach the server, as they send it in Host: host.docker.internal, *.example for all \
            below, * for any. May be given again. Default: localhost and loopback addresses where --address is one; else any.
            """)
    var allowedHosts: [String] = []

    @Option(
        name: .customLong("tls-certificate"),
        help: ArgumentHelp(
            """
            File with the server's certificate in PEM, and those behind it that lead to one that clients know: the server speaks \
            TLS then. Default: none, in the clear.
            """, valueName: "file"))
    var certificates: String?

    @Option(
        name: .customLong("tls-key"),
        help: ArgumentHelp(
            "File with the key of --tls-certificate in PEM; not for everybody to read.", valueName: "file"))
    var privateKey: String?

    @Option(
        help: """
            Who may call. none: whoever reaches the port, with any signature. sigv4: the users of --users, who have to sign their \
            calls.
            """)
    var auth = Auth.none

    @Option(
        help: ArgumentHelp(
            "File with the users of --auth sigv4, their secrets and what each may do; root's, mode 600.",
            valueName: "file"
        ))
    var users: String?

    @Flag(
        name: .customLong("allow-unauthenticated"), inversion: .prefixedNo,
        help: "Let --auth none listen beyond loopback: everybody who reaches the port may then run code here.")
    var allowsUnauthenticated = Self.standard.allowsUnauthenticated

    @Option(
        name: .customLong("url-host"),
        help: ArgumentHelp(
            """
            Name below which all names lead to this server, such as localhost where those are found: function URLs are told as \
            <id>.lambda-url.<region>.NAME. Default: told by path, and served by name too.
            """, valueName: "name"))
    var urlHost: String?

    @Option(
        name: .customLong("max-connections"),
        help:
            "Connections of clients at a time; beyond, those that wait longest are closed. Default: by open files, at most 4096."
    )
    var maximumConnections: Int?

    @Option(
        name: .customLong("request-memory"),
        help: "Megabytes of requests and answers in memory at a time; a request beyond gets 429.")
    var requestMegabytes = Self.standard.requestMegabytes

    @Option(
        name: .customLong("metrics-port"),
        help:
            "Port for GET /metrics, as Prometheus reads them, and GET /healthz; 0 lets the kernel choose. Default: none."
    )
    var metricsPort: Int?

    @Option(name: .customLong("metrics-host"), help: "Address for --metrics-port.")
    var metricsHost = Self.standard.metricsAddress

    @Option(
        name: .customLong("trace-log"),
        help: "File to which a line of JSON is appended for each hop of a call and of a publish. Default: none.")
    var traceLog: String?

    @Option(
        help: """
            How sandboxes are isolated. microvm: virtual machines, for any code. process: namespaces, for code of one team. \
            auto: microvm where hardware virtualisation works, else process, and a function's tag thaw:isolation may choose \
            the other.
            """)
    var isolation = Self.standard.isolation

    @Option(
        name: .customLong("vmm"),
        help: """
            What runs virtual machines: qemu, or firecracker, which needs hardware virtualisation. auto: qemu.
            """)
    var hypervisor = Self.standard.hypervisor.name

    @Option(help: ArgumentHelp("Firecracker's program, 1.12 or newer. Default: the one in PATH.", valueName: "path"))
    var firecracker: String?

    @Option(name: .customLong("max-sandboxes"), help: "Sandboxes at a time; an invocation beyond it gets 429.")
    var maximumSandboxes = Self.standard.maximumSandboxes

    @Option(
        name: .customLong("sandbox-ids"),
        help: ArgumentHelp(
            """
            Ids of the host, of users and groups, that sandboxes may be: two for each network slot. Default: the line \
            thaw:START:COUNT of /etc/subuid and of /etc/subgid, else 1900100000:131072.
            """, valueName: "start:count"),
        transform: Self.ids)
    var sandboxIDs: IDRange?

    @Option(
        name: .customLong("image-retention"),
        help: "Days for which base images are kept that no recipe makes any more and nothing uses.")
    var imageRetentionDays = Int(Self.standard.imageRetention.components.seconds / 86_400)

    @Option(name: .customLong("keep-warm"), help: "Seconds an idle sandbox waits for its next invocation.")
    var keepWarmSeconds = Int(Self.standard.keepWarm.components.seconds)

    @Option(
        name: .customLong("snapshot-retention"),
        help: """
            Days without an invocation after which a version with SnapStart becomes Inactive and loses its snapshot; the next \
            invocation has it made anew. 0: never.
            """)
    var snapshotRetentionDays = Limits.snapshotRetentionDays

    @Option(
        name: .customLong("ready"),
        help: """
            Clones prepared ahead for each version in use: a virtual machine with its state loaded, or a process that is \
            complete and waits to be woken.
            """)
    var readyClones = Self.standard.readyClones

    @Option(
        name: .customLong("template-memory"),
        help: """
            At isolation process, MB of memory for templates, of which clones are forked. One that is in use is never \
            dropped; beyond this, those that are not are, and built again when they are wanted. Default: a third of what \
            the server may use.
            """)
    var templateMegabytes: Int?

    @Flag(
        inversion: .prefixedNo,
        help: "At isolation process, begin inits from a snapshot of the booted runtime where that changes nothing.")
    package var seeds = Self.standard.usesSeeds

    @Option(
        name: .customLong("init-limit"),
        help: "Seconds that init without SnapStart may take. Default: 10, and 130 on emulated processors.")
    var initLimitSeconds: Int?

    @Option(name: .customLong("restore-limit"), help: "Seconds that a restore with its hooks may take.")
    var restoreLimitSeconds = Int(Self.standard.restoreLimit.components.seconds)

    @Option(name: .customLong("drain"), help: "Seconds that invocations under way are given at a stop.")
    var drainSeconds = Int(Self.standard.drainLimit.components.seconds)

    @Option(help: "Region in ARNs and in the functions' environment.")
    var region = Self.standard.account.region

    @Option(name: .customLong("account"), help: "Account in ARNs, twelve digits.")
    var accountID = Self.standard.account.accountID

    @Flag(
        name: .customLong("strict-last-update-status"), inversion: .prefixedNo,
        help: """
            Leave LastUpdateStatus out while a function is Pending, as AWS does. Terraform's AWS provider 6.2 and 6.3 fail on \
            that when they publish with SnapStart: they need --no-strict-last-update-status, with which it is InProgress.
            """)
    var strictLastUpdateStatus = Self.standard.strictLastUpdateStatus

    @Option(name: .customLong("log-level"), help: "trace, debug, info, notice, warning, error or critical.")
    var logLevel = Logger.Level.info

    @Option(name: .customLong("log-format"), help: "How the server's log is written: text, for people, or json.")
    var logFormat = LogFormat.text

    package init() {}

    package func validate() throws {
        try check(port, "--port", 0...65_535)
        if let metricsPort {
            try check(metricsPort, "--metrics-port", 0...65_535)
            guard metricsPort == 0 || metricsPort != port else {
                throw ValidationError("--metrics-port must be another port than --port; both are \(port)")
            }
        }
        for host in allowedHosts where host.isEmpty || host.contains(where: { $0.isWhitespace || "/,".contains($0) }) {
            throw ValidationError("--allow-host takes one name without a scheme or path; '\(host)' was given")
        }
        if let urlHost, urlHost.isEmpty || urlHost.contains(where: { $0.isWhitespace || "/,:*".contains($0) }) {
            throw ValidationError("--url-host takes a name without a scheme, port or path; '\(urlHost)' was given")
        }
        if let maximumConnections { try check(maximumConnections, "--max-connections", 16...65_536) }
        try check(requestMegabytes, "--request-memory", 16...65_536)
        try check(maximumSandboxes, "--max-sandboxes", 1...4096)
        try check(imageRetentionDays, "--image-retention", 0...36_500)
        try check(keepWarmSeconds, "--keep-warm", 0...86_400)
        try check(snapshotRetentionDays, "--snapshot-retention", 0...36_500)
        try check(readyClones, "--ready", 0...64)
        if let templateMegabytes { try check(templateMegabytes, "--template-memory", 0...16_777_216) }
        try check(restoreLimitSeconds, "--restore-limit", 1...900)
        try check(drainSeconds, "--drain", 0...900)
        if let initLimitSeconds { try check(initLimitSeconds, "--init-limit", 1...900) }
        guard accountID.utf8.count == 12, accountID.utf8.allSatisfy({ (48...57).contains($0) }) else {
            throw ValidationError("--account must be twelve digits; '\(accountID)' was given")
        }
    }

    private static func ids(_ text: String) throws -> IDRange {
        do { return try IDRange(text) } catch { throw ValidationError("--sandbox-ids: '\(text)' \(error.text)") }
    }

    private func check(_ value: Int, _ name: String, _ range: ClosedRange<Int>) throws {
        guard range.contains(value) else {
            throw ValidationError("\(name) must be \(range.lowerBound) to \(range.upperBound); \(value) was given")
        }
    }

    var configuration: ServerConfiguration {
        var server = ServerConfiguration(state: state.directory)
        server.slots = slots.configuration
        server.address = address
        server.port = port
        server.allowedHosts = allowedHosts
        server.certificates = certificates.map { StateDirectory.absolute($0) }
        server.privateKey = privateKey.map { StateDirectory.absolute($0) }
        server.verifiesSignatures = auth == .sigv4
        server.users = users.map { StateDirectory.absolute($0) }
        server.allowsUnauthenticated = allowsUnauthenticated
        server.urlDomain = urlHost
        server.maximumConnections = maximumConnections
        server.requestMegabytes = requestMegabytes
        server.metricsAddress = metricsHost
        server.metricsPort = metricsPort
        server.traceLog = traceLog.map { StateDirectory.absolute($0) }
        server.isolation = isolation
        server.hypervisor.name = hypervisor
        server.hypervisor.firecracker = firecracker.map { StateDirectory.absolute($0) }
        server.maximumSandboxes = maximumSandboxes
        server.sandboxIDs = sandboxIDs
        server.keepWarm = .seconds(keepWarmSeconds)
        server.snapshotRetention = snapshotRetentionDays == 0 ? nil : .seconds(snapshotRetentionDays * 86_400)
        server.readyClones = readyClones
        server.templateMegabytes = templateMegabytes
        server.usesSeeds = seeds
        server.initLimit = initLimitSeconds.map { .seconds($0) }
        server.restoreLimit = .seconds(restoreLimitSeconds)
        server.drainLimit = .seconds(drainSeconds)
        server.logs = logs.limits
        server.imageRetention = .seconds(imageRetentionDays * 86_400)
        server.concurrency = concurrency.limits
        server.snapStartPolicy = concurrency.snapStartPolicy
        server.eventTargets = concurrency.targets
        server.aws = aws.choice
        server.containers = containers.choice
        server.account = AccountScope(region: region, accountID: accountID)
        server.strictLastUpdateStatus = strictLastUpdateStatus
        return server
    }
}

/// Who may call a server.
enum Auth: String, ExpressibleByArgument, CaseIterable {
    case none, sigv4
}

extension HypervisorChoice.Name: ExpressibleByArgument {}
extension Isolation: ExpressibleByArgument {}
extension LogFormat: ExpressibleByArgument {}
extension Logger.Level: @retroactive ExpressibleByArgument {}
