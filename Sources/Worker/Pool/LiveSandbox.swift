internal import FunctionModel
internal import NetworkModel
internal import Sandboxes
internal import Snapshots
import Synchronization

/// A sandbox that has been initialised or thawed, with what the worker keeps beside it.
final class LiveSandbox: Sendable {
    let key: SandboxKey
    let sandbox: any Sandbox
    let log: LogStream
    private let settling = Mutex(Settling())

    private struct Settling {
        var task: Task<Void, Never>?
        var isUsable = true
    }

    /// What this is a clone of, until ``takeSnapshot()``.
    private let snapshot: Mutex<SnapshotLease?>

    init(key: SandboxKey, sandbox: any Sandbox, log: LogStream, cloneOf snapshot: SnapshotLease? = nil) {
        self.snapshot = Mutex(snapshot)
        self.key = key
        self.sandbox = sandbox
        self.log = log
    }

    /// The snapshot this was thawed from, the first time it is asked for.
    func takeSnapshot() -> SnapshotLease? {
        snapshot.withLock { snapshot in
            defer { snapshot = nil }
            return snapshot
        }
    }

    func beginSettling(_ task: Task<Void, Never>) { settling.withLock { $0.task = task } }

    func finishSettling(usable: Bool) { settling.withLock { $0.isUsable = usable } }

    /// Waits until the runtime is ready for its next invocation; false when it will never be.
    func settled() async -> Bool {
        await settling.withLock { $0.task }?.value
        return settling.withLock { $0.isUsable }
    }

    /// Ends the sandbox and its log.
    func destroy() async {
        await sandbox.destroy()
        log.close()
    }
}

/// Which invocations a sandbox can serve: those of one version, as it was when the sandbox was made.
struct SandboxKey: Sendable, Hashable {
    /// What a sandbox is made of.
    enum Origin: Sendable, Hashable {
        /// Booted at a level that the function's tags may change, from what ``FunctionConfiguration/contentID`` names.
        case configuration(contentID: String, IsolationLevel)
        /// Thawed. A version that gets another snapshot gets another revision with it.
        case snapshot(revisionID: String)
    }

    var version: VersionKey
    var origin: Origin
    /// Where it may send to: fixed when it was made, while tags and networks change.
    var network: NetworkMode
}
