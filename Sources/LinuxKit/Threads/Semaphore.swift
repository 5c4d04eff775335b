internal import CLinux
import Glibc

/// sem_overview(7), for threads of this process.
final class Semaphore: Sendable {
    // The memory is never moved or shared outside; these calls are safe on any thread.
    nonisolated(unsafe) private let storage: UnsafeMutablePointer<sem_t>

    init() {
        storage = .allocate(capacity: 1)
        storage.initialize(to: sem_t())
        sem_init(storage, 0, 0)
    }

    deinit {
        sem_destroy(storage)
        storage.deallocate()
    }

    func signal() { sem_post(storage) }

    func wait() { while sem_wait(storage) != 0 {} }

    /// Waits until ``MonotonicClock`` says so at the latest.
    func wait(until time: UInt64) {
        while clinux_semaphore_wait(storage, time) == EINTR {}
    }
}
