import Sandboxes
import Synchronization

/// The runtimes that serve, so that a shutdown misses none.
final class HostedRuntimes: Sendable {
    private let runtimes = Mutex<[ObjectIdentifier: HostedRuntime]>([:])

    func add(_ runtime: HostedRuntime) { runtimes.withLock { $0[ObjectIdentifier(runtime)] = runtime } }

    func remove(_ runtime: HostedRuntime) { runtimes.withLock { $0[ObjectIdentifier(runtime)] = nil } }

    func endAll(_ error: SandboxError) {
        for runtime in runtimes.withLock({ Array($0.values) }) { runtime.end(error) }
    }
}
