import Synchronization
import Worker

/// Time that passes when a test says so.
final class ManualClock: Sendable {
    private struct Sleeper {
        let length: Duration
        let due: Duration
        let wake: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now = Duration.zero
        var sleepers: [UInt64: Sleeper] = [:]
        var next: UInt64 = 0
        var watchers: [(length: Duration, tell: CheckedContinuation<Void, Never>)] = []
    }

    /// 2023-07-05T10:20:30.040Z.
    static let epoch: UInt64 = 1_688_552_430_040_000_000
    private let state = Mutex(State())

    var clock: WorkerClock {
        WorkerClock(
            now: { [self] in state.withLock { $0.now } },
            wallClock: { [self] in
                let passed = state.withLock { $0.now }.components
                return Self.epoch + UInt64(passed.seconds) * 1_000_000_000 + UInt64(passed.attoseconds / 1_000_000_000)
            },
            sleep: { [self] in try await sleep($0) })
    }

    func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now += duration
            let due = state.sleepers.filter { $0.value.due <= state.now }
            for key in due.keys { state.sleepers[key] = nil }
            return due.values.map(\.wake)
        }
        for sleeper in due { sleeper.resume() }
    }

    /// Returns once somebody sleeps for so long.
    func waitForSleeper(of length: Duration) async {
        await withCheckedContinuation { watcher in
            state.withLock { state in
                if state.sleepers.values.contains(where: { $0.length == length }) {
                    watcher.resume()
                } else {
                    state.watchers.append((length, watcher))
                }
            }
        }
    }

    /// Lets time pass until a sleep of this length ends, once somebody sleeps for so long.
    func expire(_ length: Duration) async {
        await waitForSleeper(of: length)
        advance(by: length)
    }

    private func sleep(_ duration: Duration) async throws {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { wake in
                let watchers = state.withLock { state in
                    state.sleepers[number] = Sleeper(length: duration, due: state.now + duration, wake: wake)
                    defer { state.watchers.removeAll { $0.length == duration } }
                    return state.watchers.filter { $0.length == duration }
                }
                for watcher in watchers { watcher.tell.resume() }
                if Task.isCancelled { cancel(number) }
            }
        } onCancel: {
            cancel(number)
        }
    }

    private func cancel(_ number: UInt64) {
        state.withLock { $0.sleepers.removeValue(forKey: number) }?.wake.resume(throwing: CancellationError())
    }
}
