import LinuxKit
import SystemPackage

/// What the guest could not do; a person reads it on the console, in a `fault` or in the function's log.
struct GuestError: Error, CustomStringConvertible {
    let description: String
    let errno: Errno
    /// What could not be executed, empty when none was there; nil when that was not it.
    var program: String?

    init(doing: String, errno: Errno) {
        description = "\(doing) failed: \(errno)"
        self.errno = errno
    }

    private init(_ error: SpawnError) {
        description = error.description
        errno = error.errno
        if case .search = error.stage { program = "" } else { program = error.executable.string }
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

    static func wrap(spawning plan: SpawnPlan) throws(GuestError) -> ChildProcess {
        do throws(SpawnError) { return try plan.spawn() } catch { throw GuestError(error) }
    }
}
