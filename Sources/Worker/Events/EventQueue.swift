internal import Basics
internal import FunctionModel
internal import FunctionStore
internal import Logging
import Synchronization

/// The events that clients have sent: accepted once they are on disk, tried until they have ended, and told of.
///
/// Invocations put events in; ``EventDispatcher`` takes them out.
package final class EventQueue: Sendable {
    private struct State {
        var schedule: EventSchedule
        var timer: DeadlineTimer?
    }

    /// What may wait, in events and in bytes of payloads.
    private static let mostEvents = 200_000
    private static let mostBytes = 1 << 30

    let store: any EventStore
    let journal: EventJournal
    private let clock: WorkerClock
    private let state: Mutex<State>
    /// Yields when there may be an event to take.
    let wakeups: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    /// - Parameter limit: how many may run at a time.
    init(store: any EventStore, limit: Int, clock: WorkerClock) {
        self.store = store
        self.clock = clock
        journal = EventJournal(store)
        state = Mutex(State(schedule: EventSchedule(limit: limit)))
        (wakeups, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Milliseconds since 1970.
    var now: Int64 { Int64(clock.wallClock() / 1_000_000) }

    /// How many wait or run.
    package var count: Int { state.withLock { $0.schedule.count } }

    // MARK: - In

    /// Returns once the event is on disk.
    func accept(_ event: Event) async throws(LambdaError) {
        let (count, bytes) = state.withLock { ($0.schedule.count, $0.schedule.bytes) }
        guard count < Self.mostEvents, bytes + event.payload.count <= Self.mostBytes else { throw .eventQueueFull }
        guard case .added(let id) = try await journal.commit(.add(event)) else {
            throw .functionNotFound(arn: event.functionName)
        }
        add(
            WaitingEvent(
                id: id, functionName: event.functionName, dueAt: event.acceptedAt, size: event.payload.count))
    }

    func add(_ event: WaitingEvent) {
        state.withLock { $0.schedule.add(event, now: now) }
        wake.yield()
    }

    /// Takes up what the store has.
    func load() async throws(LambdaError) {
        var last: Int64 = 0
        while true {
            let events = try await rethrowing(
                try await store.waitingEvents(after: last, limit: 1_000), as: FunctionCatalog.lambdaError)
            guard let end = events.last else { break }
            last = end.id
            state.withLock { state in for event in events { state.schedule.add(event, now: now) } }
        }
        wake.yield()
    }

    // MARK: - Out

    /// The event whose turn it is. When there is none, ``wakeups`` says when there may be one.
    func next() -> WaitingEvent? {
        state.withLock { state in
            let now = now
            if let event = state.schedule.next(now: now) { return event }
            state.timer?.cancel()
            state.timer = state.schedule.nextDue(now: now).map { due in
                clock.after(.milliseconds(max(1, due - now))) { [wake] in wake.yield() }
            }
            return nil
        }
    }

    /// - Parameter again: when it is due once more; nil when it is gone.
    func finish(_ event: WaitingEvent, again: Int64? = nil) {
        state.withLock { $0.schedule.finish(event, again: again, now: now) }
        wake.yield()
    }

    func throttle(_ event: WaitingEvent) {
        state.withLock { $0.schedule.throttle(event, now: now) }
        wake.yield()
    }

    /// Takes no more out, and returns when all that came in is on disk.
    func close() async {
        state.withLock { $0.timer?.cancel() }
        wake.finish()
        await journal.drain()
    }
}
