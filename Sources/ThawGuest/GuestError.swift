import GuestProtocol
import LinuxKit
import SystemPackage

/// What the guest could not do; a person reads it on the console, in a `fault` or in the function's log.
struct GuestError: Error, CustomStringConvertible {
    let description: String
    let errno: Errno
    /// Why a program could not be started; nil when that was not it.
    private(set) var spawnFailure: SpawnError?

    init(doing: String, errno: Errno) {
        description = "\(doing) failed: \(errno)"
        self.errno = errno
    }

    private init(_ error: SpawnError) {
        description = error.description
        errno = error.errno
        spawnFailure = error
    }

    init(_ error: NetworkError) {
        description = error.description
        errno = error.errno
    }

    static func wrap<R: ~Copyable>(
        _ doing: @autoclosure () -> String, _ body: () throws(Errno) -> R
    ) throws(GuestError) -> R {
        do throws(Errno) { return try body() } catch { throw GuestError(doing: doing(), errno: error) }
    }

    /// As the host is told it, of what was to be started.
    func exitReason(_ initialization: Initialization) -> ExitReason {
        switch spawnFailure?.stage {
        case .search: initialization.notFound(errno: errno.rawValue)
        case .step(.changeDirectory(let path)): .noWorkingDirectory(path.string, errno: errno.rawValue)
        default:
            .notStarted(
                program: spawnFailure?.executable.string ?? initialization.arguments.first ?? "", errno: errno.rawValue)
        }
    }

    static func wrap(spawning plan: SpawnPlan) throws(GuestError) -> ChildProcess {
        do throws(SpawnError) { return try plan.spawn() } catch { throw GuestError(error) }
    }
}
