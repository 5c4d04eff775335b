import GuestProtocol
import LinuxKit
import ProcessImages
import Sandboxes
import Snapshots
import SystemPackage

/// What a frozen sandbox and its clones have in common. Travels in the manifest.
struct ProcessBlueprint: Sendable {
    var root: FilePath
    var imageDigest: String
    /// Nil: a seed, which has no function.
    var code: FilePath?
    /// Nil: no layers.
    var layers: FilePath?
    var limits: CellLimits
    var readyCall: ReadyCall
    /// Whether the connection on which the runtime waits goes on after the answer.
    var keepsConnection = true
    /// Counts at the freeze alone.
    var connections = ConnectionPolicy.reset

    /// Names of the files in a snapshot's directory.
    enum File {
        static let state = "state"
        static let memory = "memory"
        /// The memory of the seed that the function was started from.
        static let base = "base"
        /// What the function had written to /tmp.
        static let scratch = "scratch.erofs"
    }

    private enum Key {
        static let imageDigest = "imageDigest"
        static let memory = "memoryMegabytes"
        static let scratch = "scratchBytes"
        static let readyCall = "readyCall"
        static let keepsConnection = "keepsConnection"
    }

    func manifest(_ host: SnapshotRequirements) -> EngineManifest {
        EngineManifest(
            isolation: IsolationLevel.process.rawValue, requirements: host.requirements,
            parameters: [
                Key.imageDigest: imageDigest, Key.memory: "\(limits.memoryMegabytes)",
                Key.scratch: "\(limits.scratchBytes)", Key.readyCall: "\(readyCall.rawValue)",
                Key.keepsConnection: keepsConnection ? "1" : "0",
            ])
    }

    /// What a manifest says, checked against this host.
    init(_ snapshot: SnapshotLease, host: SnapshotRequirements) throws(SandboxError) {
        let manifest = try ManifestReader(snapshot, isolation: .process, requirements: host.requirements)
        self.init(
            root: manifest.basis.root, imageDigest: try manifest.text(Key.imageDigest), code: manifest.basis.code,
            limits: CellLimits(
                memoryMegabytes: try manifest.number(Key.memory, in: 64...1_048_576),
                scratchBytes: try manifest.number(Key.scratch, in: 0...1 << 40)),
            readyCall: try manifest.readyCall(Key.readyCall))
        layers = manifest.basis.layers
        keepsConnection = try manifest.number(Key.keepsConnection, in: 0...1) == 1
    }

    init(root: FilePath, imageDigest: String, code: FilePath?, limits: CellLimits, readyCall: ReadyCall) {
        self.root = root
        self.imageDigest = imageDigest
        self.code = code
        self.limits = limits
        self.readyCall = readyCall
    }
}
