import Basics
import Synchronization

/// Hands messages from an event loop to one waiting task, in order, with deadlines that fire.
///
/// One task waits at a time: everything that talks to one virtual machine does so in turn. So no more than a few messages ever
/// wait for it, and a machine that says more ends its mailbox: what it says is not to be held for ever.
package final class Mailbox<Message: Sendable, Failure: Error>: Sendable {
    private struct State {
        var queue: [Message] = []
        var waiter: Waiter?
        /// The last wait whose limit had passed before its task was there to be told.
        var expired: UInt64?
        /// Set once; everything already queued is still handed out first.
        var failure: Failure?
    }

    private struct Waiter {
        let serial: UInt64
        let continuation: CheckedContinuation<Result<Message, Failure>, Never>
    }

    private let state = Mutex(State())
    private let serials = Atomic<UInt64>(0)
    private let clock: any DeadlineClock
    private let overflow: Failure
    private static var capacity: Int { 16 }

    /// - Parameter overflow: what the mailbox fails with when nobody asks for what it holds.
    package init(clock: any DeadlineClock, overflow: Failure) {
        self.clock = clock
        self.overflow = overflow
    }

    package func deliver(_ message: Message) {
        let waiter = state.withLock { state -> Waiter? in
            guard state.failure == nil else { return nil }
            defer { state.waiter = nil }
            if state.waiter == nil {
                if state.queue.count < Self.capacity { state.queue.append(message) } else { state.failure = overflow }
            }
            return state.waiter
        }
        waiter?.continuation.resume(returning: .success(message))
    }

    /// Ends the mailbox; only the first reason counts.
    package func fail(_ failure: Failure) {
        let waiter = state.withLock { state -> Waiter? in
            guard state.failure == nil else { return nil }
            state.failure = failure
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.continuation.resume(returning: .failure(failure))
    }

    /// Whether no message waits and no failure has come.
    var isQuiet: Bool { state.withLock { $0.queue.isEmpty && $0.failure == nil } }

    /// The next message; `timeout` when none came by `deadline`.
    package func next(by deadline: Deadline, timeout: @autoclosure @escaping @Sendable () -> Failure)
        async throws(Failure)
        -> Message
    {
        let serial = serials.add(1, ordering: .relaxed).newValue
        let timer = clock.after(deadline.remaining(at: clock.now)) { [self] in
            let expired = state.withLock { state -> Waiter? in
                guard state.waiter?.serial == serial else {
                    state.expired = serial
                    return nil
                }
                defer { state.waiter = nil }
                return state.waiter
            }
            expired?.continuation.resume(returning: .failure(timeout()))
        }
        defer { timer.cancel() }
        let result = await withCheckedContinuation { continuation in
            let ready = state.withLock { state -> Result<Message, Failure>? in
                if !state.queue.isEmpty { return .success(state.queue.removeFirst()) }
                if let failure = state.failure { return .failure(failure) }
                if state.expired == serial { return .failure(timeout()) }
                state.waiter = Waiter(serial: serial, continuation: continuation)
                return nil
            }
            if let ready { continuation.resume(returning: ready) }
        }
        return try result.get()
    }
}
