import Basics
import Testing

@Suite struct DeadlineTests {
    private let now = ContinuousClock.now

    @Test("what is left of a deadline shrinks with the time, and is never less than nothing")
    func remaining() {
        let deadline = Deadline(in: .seconds(3), from: now)
        #expect(deadline.remaining(at: now) == .seconds(3))
        #expect(deadline.remaining(at: now + .seconds(1)) == .seconds(2))
        #expect(deadline.remaining(at: now + .seconds(4)) == .zero)
        #expect(deadline.later(by: .seconds(2)).remaining(at: now + .seconds(4)) == .seconds(1))
        #expect(Deadline(in: .zero).hasPassed && Deadline(in: .seconds(-1)).hasPassed)
        #expect(!Deadline(in: .seconds(60)).hasPassed)
    }

    @Test("of two deadlines the earlier one counts, and keeps the limit that errors name")
    func order() {
        let (whole, part) = (Deadline(in: .seconds(10), from: now), Deadline(in: .seconds(2), from: now + .seconds(1)))
        #expect(min(whole, part).limit == .seconds(2))
        #expect(min(whole, Deadline(in: .seconds(2), from: now + .seconds(9))).limit == .seconds(10))
        #expect(whole.later(by: .seconds(5)).limit == .seconds(10))
    }

    @Test("a limit beyond what clocks count to is a deadline as well")
    func longest() {
        #expect(!Deadline(in: .seconds(Int64.max)).hasPassed)
        #expect(!Deadline(in: .seconds(Int64.max)).later(by: .seconds(1 << 32)).hasPassed)
    }
}
