import Basics
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct OutcomeTests {
    private let clock = ManualClock()

    @Test("an outcome is what the first says, for those who asked before and those who ask afterwards")
    func first() async {
        let outcome = Outcome<Int>()
        #expect(outcome.value == nil)
        async let early = outcome.wait()
        async let limited = outcome.wait(within: .seconds(5), on: clock)
        #expect(outcome.settle(1))
        #expect(!outcome.settle(2))
        #expect(await early == 1)
        #expect(await limited == 1)
        #expect(await outcome.wait() == 1)
        #expect(await outcome.wait(within: .zero, on: clock) == 1)
        #expect(outcome.value == 1)
    }

    @Test("a wait ends at its limit, and no other with it")
    func limits() async {
        let outcome = Outcome<Int>()
        async let short = outcome.wait(within: .seconds(1), on: clock)
        async let long = outcome.wait(by: Deadline(in: .seconds(9), from: clock.now), on: clock)
        await clock.expire(.seconds(1))
        #expect(await short == nil)
        #expect(outcome.value == nil)
        outcome.settle(3)
        #expect(await long == 3)
    }

    @Test("what comes after a limit is there for whoever asks again")
    func late() async {
        let outcome = Outcome<String>()
        async let early = outcome.wait(within: .seconds(1), on: clock)
        await clock.expire(.seconds(1))
        #expect(await early == nil)
        #expect(outcome.settle("late"))
        #expect(outcome.value == "late")
        #expect(await outcome.wait() == "late")
    }

    @Test("a limit that has passed before its wait began ends it")
    func passed() async {
        #expect(await Outcome<Int>().wait(within: .zero, on: clock) == nil)
        #expect(await Outcome<Int>().wait(by: Deadline(in: .seconds(-1), from: clock.now), on: clock) == nil)
    }

    @Test("a wait that its outcome ended leaves no limit running")
    func cancelled() async {
        let outcome = Outcome<Void>()
        let timer = LastTimer(clock: clock)
        async let waiting: Void? = outcome.wait(within: .seconds(7), on: timer)
        await timer.started.wait()
        outcome.settle()
        #expect(await waiting != nil)
        #expect(timer.cancelled.value != nil)
    }

    /// Tells when a limit begins to run and when it is taken back.
    private struct LastTimer: DeadlineClock {
        let clock: ManualClock
        let started = Outcome<Void>()
        let cancelled = Outcome<Void>()

        var now: ContinuousClock.Instant { clock.now }

        func after(_ limit: Duration, _ expired: @escaping @Sendable () -> Void) -> DeadlineTimer {
            let timer = clock.after(limit, expired)
            started.settle()
            return DeadlineTimer { [cancelled] in
                timer.cancel()
                cancelled.settle()
            }
        }
    }

    @Test("whatever races, each of many waits ends once: with the outcome, or with nothing at its limit")
    func race() async {
        for _ in 0..<200 {
            let outcome = Outcome<Int>()
            let waits = await withTaskGroup(of: Int?.self) { group in
                for number in 0..<8 {
                    group.addTask { await outcome.wait(within: .microseconds(20 * number)) }
                    group.addTask {
                        if number == 4 { outcome.settle(number) }
                        return await outcome.wait()
                    }
                }
                return await group.reduce(into: [Int?]()) { $0.append($1) }
            }
            #expect(waits.count == 16)
            #expect(waits.allSatisfy { $0 == nil || $0 == 4 })
            #expect(waits.count { $0 == 4 } >= 8)
        }
    }
}
