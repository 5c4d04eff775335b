internal import CLinux
import Glibc
import Synchronization
package import SystemPackage

/// A thread of our own, for work that blocks or that changes the thread itself (namespaces).
package enum PosixThread {
    private final class Job {
        let work: () -> Void
        init(_ work: @escaping () -> Void) { self.work = work }
    }

    /// Starts a thread that runs `work` and ends. Fails with `.resourceTemporarilyUnavailable` at a limit of threads.
    package static func start(_ work: @escaping @Sendable () -> Void) throws(Errno) {
        pthread_detach(try launch(work))
    }

    /// Runs `work` on a fresh thread while this one waits for it: whatever it does to its thread ends with it.
    package static func runAndWait<R, E: Error>(_ work: () throws(E) -> R) throws(Errno) -> Result<R, E> {
        var outcome: Result<R, E>?
        let failure = withoutActuallyEscaping(work) { work -> Errno? in
            do throws(Errno) {
                let thread = try launch {
                    do throws(E) { outcome = .success(try work()) } catch { outcome = .failure(error) }
                }
                pthread_join(thread, nil)
                return nil
            } catch {
                return error
            }
        }
        guard let outcome else { throw failure ?? .resourceTemporarilyUnavailable }
        return outcome
    }

    /// Runs `work(0)` to `work(count - 1)` side by side, the first on this thread, and returns when all are done. Where the
    /// process may have no more threads, this one does what is left.
    package static func runTogether(_ count: Int, _ work: (Int) -> Void) {
        withoutActuallyEscaping(work) { work in
            let threads = (1..<max(1, count)).map { index in (index, try? launch { work(index) }) }
            work(0)
            for (index, thread) in threads {
                if let thread { pthread_join(thread, nil) } else { work(index) }
            }
        }
    }

    /// Runs the calling thread, and those that it starts, on one processor from now on.
    /// - Parameter processor: nil is the one that it runs on.
    package static func stay(on processor: CInt? = nil) throws(Errno) {
        _ = try shim { clinux_stay_on_processor(processor ?? -1) }
    }

    private static func launch(_ work: @escaping () -> Void) throws(Errno) -> pthread_t {
        let job = Unmanaged.passRetained(Job(work))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<Job>.fromOpaque(argument).takeRetainedValue().work() }
                return nil
            }, job.toOpaque())
        guard code == 0 else {
            job.release()
            throw Errno(rawValue: code)
        }
        return thread
    }
}

/// Work that blocks, kept off the cooperative pool: a few blocked tasks there stop all others.
package enum BlockingThread {
    /// Runs `work` on a thread of its own and suspends until it is done. Cancellation does not interrupt it.
    ///
    /// If the process may have no more threads, `work` runs on the calling one: slow, but not wrong.
    package static func run<R: Sendable, E: Error>(
        _ work: @escaping @Sendable () throws(E) -> R
    ) async throws(E) -> R {
        let outcome = await withCheckedContinuation { (done: CheckedContinuation<Result<R, E>, Never>) in
            let errand = Errand(work)
            let body: @Sendable () -> Void = { done.resume(returning: errand.run()) }
            do { try PosixThread.start(body) } catch { body() }
        }
        return try outcome.get()
    }
}

/// Work that is done once, on another thread: what it holds, descriptors say, is let go before anybody hears that it is done.
final class Errand<R: Sendable, E: Error>: Sendable {
    private let work: Mutex<(@Sendable () throws(E) -> R)?>

    init(_ work: @escaping @Sendable () throws(E) -> R) { self.work = Mutex(work) }

    /// Call it once.
    func run() -> Result<R, E> {
        guard let work = work.withLock({ $0.take() }) else { preconditionFailure("an errand was run twice") }
        return Result { () throws(E) in try work() }
    }
}
