import Glibc
import Synchronization
import UnixSignals

/// What must not stay behind when somebody ends a bench: slots, which outlive the process that made them, and a setting of the
/// kernel's.
enum Interruption {
    typealias Step = @Sendable () async -> Void

    private static let steps = Mutex<[Int: Step]>([:])
    private static let hasBegun = Mutex(false)

    /// Runs `body`; `step` is taken if a signal ends the process meanwhile.
    static func with<R>(_ step: @escaping Step, _ body: () async throws -> R) async throws -> R {
        let key = steps.withLock { steps in
            let key = (steps.keys.max() ?? 0) + 1
            steps[key] = step
            return key
        }
        defer { steps.withLock { $0[key] = nil } }
        return try await body()
    }

    /// While `body` runs, a signal that asks the process to end has the steps taken first, the last one first.
    static func handled(_ body: () async throws -> Void) async throws {
        let watching = Task {
            for await signal in await UnixSignalsSequence(trapping: .sigint, .sigterm) {
                hasBegun.withLock { $0 = true }
                for (_, step) in steps.withLock({ $0 }).sorted(by: { $0.key > $1.key }) { await step() }
                exit(128 + signal.rawValue)
            }
        }
        defer { watching.cancel() }
        do { try await body() } catch {
            // Of what is taken away under its feet, a bench fails: the process ends when all of it is gone.
            if hasBegun.withLock({ $0 }) { await watching.value }
            throw error
        }
    }
}
