import Basics
import Synchronization

/// Hands messages from an event loop to one waiting task, in order, with deadlines that fire.
///
/// One task waits at a time: everything that talks to one virtual machine does so in turn. So no more than a few messages ever
/// wait for it, and a machine that says more ends its mailbox: what it says is not to be held for ever.
package final class Mailbox<Message: Sendable, Failure: Error>: Sendable {
    private typealias Answer = Outcome<Result<Message, Failure>>

    private struct State {
        var queue: [(message: Message, bytes: Int)] = []
        var queuedBytes: Int { queue.reduce(0) { $0 + $1.bytes } }
        var waiter: Answer?
        /// Set once; everything already queued is still handed out first.
        var failure: Failure?
    }

    private let state = Mutex(State())
    private let clock: any DeadlineClock
    private let overflow: Failure
    private static var capacity: Int { 16 }
    /// Of all messages that wait, unless one alone has more: a machine has one large thing to say at a time.
    package static var capacityBytes: Int { 8 << 20 }

    /// - Parameter overflow: what the mailbox fails with when nobody asks for what it holds.
    package init(clock: any DeadlineClock, overflow: Failure) {
        self.clock = clock
        self.overflow = overflow
    }

    /// - Parameter bytes: what it takes of memory, where that may be much.
    package func deliver(_ message: Message, bytes: Int = 0) {
        state.withLock { state in
            guard state.failure == nil else { return }
            if let waiter = state.waiter.take() {
                // Under the lock: a wait that ends by its limit finds the message here or nobody has it.
                waiter.settle(.success(message))
            } else if state.queue.isEmpty
                || state.queue.count < Self.capacity && state.queuedBytes + bytes <= Self.capacityBytes
            {
                state.queue.append((message, bytes))
            } else {
                state.failure = overflow
            }
        }
    }

    /// Ends the mailbox; only the first reason counts.
    package func fail(_ failure: Failure) {
        state.withLock { state in
            guard state.failure == nil else { return }
            state.failure = failure
            state.waiter.take()?.settle(.failure(failure))
        }
    }

    /// Whether no message waits and no failure has come.
    var isQuiet: Bool { state.withLock { $0.queue.isEmpty && $0.failure == nil } }

    /// The next message; `timeout` when none came by `deadline`.
    package func next(
        by deadline: Deadline, timeout: @autoclosure () -> Failure
    ) async throws(Failure) -> Message {
        let answer = Answer()
        let ready = state.withLock { state -> Result<Message, Failure>? in
            if !state.queue.isEmpty { return .success(state.queue.removeFirst().message) }
            if let failure = state.failure { return .failure(failure) }
            state.waiter = answer
            return nil
        }
        if let ready { return try ready.get() }
        if let result = await answer.wait(by: deadline, on: clock) { return try result.get() }
        state.withLock { if $0.waiter === answer { $0.waiter = nil } }
        // It may have come between the limit and here.
        return try (answer.value ?? .failure(timeout())).get()
    }
}
