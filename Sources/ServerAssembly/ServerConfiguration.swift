import FunctionModel
import LinuxKit
import MicroVMEngine
import SlotNetwork
import SystemPackage
import Worker

/// What can be set about a server.
package struct ServerConfiguration: Sendable {
    package var state: StateDirectory
    /// Where base images are kept, when not in the state directory.
    package var images: FilePath?
    package var slots = Slots()
    /// Who sandboxes may be on the host; nil: what its files say, or the standard.
    package var sandboxIDs: IDRange?
    package var address = "127.0.0.1"
    /// 0 lets the kernel choose.
    package var port = 9000
    /// Names under which the server answers, beside loopback's where it listens there: `*.example` is all below, `*` any.
    package var allowedHosts: [String] = []
    /// Files with the server's certificates and the key of the first, in PEM; both, or neither: then it speaks in the clear.
    package var certificates: FilePath?
    package var privateKey: FilePath?
    /// Whether callers have to be users, who sign what they ask.
    package var verifiesSignatures = false
    /// The file with the users.
    package var users: FilePath?
    /// Whether the server may listen beyond loopback without users.
    package var allowsUnauthenticated = false
    /// Below which name function URLs are told; nil tells them by path.
    package var urlDomain: String?
    /// Connections of clients at a time; nil is what the limit of open files leaves, at most 4,096.
    package var maximumConnections: Int?
    /// Megabytes of requests and answers that are in memory at a time.
    package var requestMegabytes = 256
    /// Where metrics are served, and at which port: 0 lets the kernel choose, nil is nowhere.
    package var metricsAddress = "127.0.0.1"
    package var metricsPort: Int?
    /// Where a line is appended for each hop of a call; nil is nowhere.
    package var traceLog: FilePath?
    package var isolation = Isolation.auto
    /// What runs virtual machines.
    package var hypervisor = HypervisorChoice()
    package var maximumSandboxes = 32
    /// Invocations of the account at a time, and what reservations must leave of them.
    package var concurrency = ConcurrencyLimits()
    package var snapStartPolicy = SnapStartPolicy.aws
    /// By ARN: where what is told of events goes instead.
    package var eventTargets: [String: EventTarget] = [:]
    package var keepWarm = Duration.seconds(300)
    /// After how much time without an invocation a version loses its snapshot; nil is never.
    package var snapshotRetention: Duration? = .seconds(Limits.snapshotRetentionDays * 86_400)
    package var readyClones = 1
    /// What the templates of process sandboxes may have in memory, in MB; nil is a third of what the server may have.
    package var templateMegabytes: Int?
    /// Whether inits at isolation process begin from a seed where that changes nothing.
    package var usesSeeds = true
    /// Of an init without SnapStart; nil is as long as the level's processors need.
    package var initLimit: Duration?
    package var restoreLimit = Duration.seconds(Limits.restoreSeconds)
    /// How long a stop waits for invocations under way.
    package var drainLimit = Duration.seconds(20)
    /// How much functions may log, and how long it is kept.
    package var logs = LogLimits()
    /// How long a base image is kept that no recipe makes any more and nothing uses.
    package var imageRetention = Duration.seconds(30 * 86_400)
    package var aws = AWSChoice()
    package var containers = ContainerChoice()
    package var account = AccountScope(region: "us-east-1", accountID: "123456789012")
    /// Whether `LastUpdateStatus` is left out while a function is `Pending`, exactly as AWS does.
    package var strictLastUpdateStatus = true

    package init(state: StateDirectory) { self.state = state }

    /// What can be set about a server's network slots.
    package struct Slots: Sendable {
        package init() {}

        /// Nil is as many as can be used.
        package var count: Int?
        package var layout = SlotLayout.direct
        /// Where the host's own addresses for slots are taken from.
        package var ranges = SlotConfiguration.sharedAddressSpace
        package var egress = EgressMode.masquerade
        package var nameServer = NameServer.host
        /// UDP port of the tunnels of virtual networks.
        package var tunnelPort: UInt16 = 4789
        /// Mbit/s that a slot may send, as network people count; nil is as many as it can.
        package var megabitsPerSecond: Int?
        /// Whether they are left for the next start.
        package var keep = false
    }
}
