package import Basics
import HeapModule
import Synchronization

/// Timers on one thread of their own, for limits that are set all the time and hardly ever pass.
///
/// A limit that is cancelled costs two locks: it stays where it is until its time or until the thread comes by, and the thread
/// is woken only for one that is earlier than all before. `Task.sleep` takes forty times as much.
package final class TimerThread: Timers {
    package static let shared = TimerThread()

    private final class Alarm: Sendable {
        private let expired: Mutex<(@Sendable () -> Void)?>

        init(_ expired: @escaping @Sendable () -> Void) { self.expired = Mutex(expired) }

        var isCancelled: Bool { expired.withLock { $0 == nil } }
        func cancel() { _ = expired.withLock { $0.take() } }
        func ring() { expired.withLock { $0.take() }?() }
    }

    private struct Entry: Comparable {
        /// Of ``MonotonicClock``.
        let time: UInt64
        let alarm: Alarm

        static func < (one: Entry, other: Entry) -> Bool { one.time < other.time }
        static func == (one: Entry, other: Entry) -> Bool { one.time == other.time }
    }

    private struct State {
        var isRunning = false
        var entries = Heap<Entry>()
        /// When the thread looks next.
        var looks = UInt64.max
    }

    private let state = Mutex(State())
    private let wake = Semaphore()

    private init() {}

    package func after(_ limit: Duration, _ expired: @escaping @Sendable () -> Void) -> DeadlineTimer {
        guard run() else { return SystemClock().after(limit, expired) }
        let alarm = Alarm(expired)
        let time = MonotonicClock.now() + UInt64(max(0, limit.nanoseconds))
        let isEarliest = state.withLock { state in
            state.entries.insert(Entry(time: time, alarm: alarm))
            guard time < state.looks else { return false }
            state.looks = time
            return true
        }
        if isEarliest { wake.signal() }
        return DeadlineTimer { alarm.cancel() }
    }

    /// Starts the thread at the first need; false where there can be no more threads.
    private func run() -> Bool {
        state.withLock { state in
            if !state.isRunning { state.isRunning = (try? PosixThread.start { [self] in ring() }) != nil }
            return state.isRunning
        }
    }

    private func ring() -> Never {
        while true {
            let (due, looks) = state.withLock { state in
                var due: [Alarm] = []
                let now = MonotonicClock.now()
                while let first = state.entries.min, first.time <= now || first.alarm.isCancelled {
                    due.append(state.entries.removeMin().alarm)
                }
                state.looks = state.entries.min?.time ?? .max
                return (due, state.looks)
            }
            for alarm in due { alarm.ring() }
            if looks == .max { wake.wait() } else { wake.wait(until: looks) }
        }
    }
}
