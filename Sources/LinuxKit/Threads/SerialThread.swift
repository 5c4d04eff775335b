import Glibc
import Synchronization
package import SystemPackage

/// One long-lived thread that runs one piece of work after the other.
///
/// For what belongs to a thread and not to a process: see ``Spawner``. The thread ends when the object is released and what
/// was given to it is done.
package final class SerialThread: Sendable {
    private final class Queue: Sendable {
        private struct State {
            var jobs: [@Sendable () -> Void] = []
            var isClosed = false
        }
        private let state = Mutex(State())
        private let wake = Semaphore()

        func add(_ job: @escaping @Sendable () -> Void) {
            state.withLock { $0.jobs.append(job) }
            wake.signal()
        }

        func close() {
            state.withLock { $0.isClosed = true }
            wake.signal()
        }

        /// The next job, waited for; nil when the queue is closed and empty.
        func next() -> (@Sendable () -> Void)? {
            while true {
                let (job, closed) = state.withLock { state -> ((@Sendable () -> Void)?, Bool) in
                    (state.jobs.isEmpty ? nil : state.jobs.removeFirst(), state.isClosed)
                }
                if let job { return job }
                if closed { return nil }
                wake.wait()
            }
        }
    }

    private let queue: Queue

    package init() throws(Errno) {
        let queue = Queue()
        self.queue = queue
        try PosixThread.start { while let job = queue.next() { job() } }
    }

    deinit { queue.close() }

    /// Runs `work` on the thread, after what was given before, and suspends until it is done.
    package func run<R: Sendable, E: Error>(_ work: @escaping @Sendable () throws(E) -> R) async throws(E) -> R {
        let outcome = await withCheckedContinuation { (done: CheckedContinuation<Result<R, E>, Never>) in
            let errand = Errand(work)
            queue.add { done.resume(returning: errand.run()) }
        }
        return try outcome.get()
    }
}

/// sem_overview(7), within one process.
