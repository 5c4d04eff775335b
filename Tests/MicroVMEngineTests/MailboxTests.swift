import Basics
import MicroVMEngine
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct MailboxTests {
    enum Failure: Error, Equatable { case late, gone, full }

    let clock = ManualClock()
    let mailbox: Mailbox<Int, Failure>

    init() { mailbox = Mailbox(clock: clock, overflow: .full) }

    @Test("messages come out in the order they went in, also those delivered before anyone waits")
    func order() async throws {
        for number in 1...3 { mailbox.deliver(number) }
        for number in 1...3 {
            #expect(try await mailbox.next(by: Deadline(in: .seconds(5), from: clock.now), timeout: .late) == number)
        }
    }

    @Test("a wait that nothing answers ends at its deadline, and the next message is not lost")
    func deadline() async throws {
        let waiting = Task { try await mailbox.next(by: Deadline(in: .seconds(5), from: clock.now), timeout: .late) }
        await clock.expire(.seconds(5))
        await #expect(throws: Failure.late) { try await waiting.value }
        mailbox.deliver(7)
        #expect(try await mailbox.next(by: Deadline(in: .seconds(5), from: clock.now), timeout: .late) == 7)
    }

    @Test("a limit that has passed before its wait began ends it, and no wait after it")
    func passedLimit() async throws {
        struct HastyClock: DeadlineClock {
            var now: ContinuousClock.Instant { .now }
            func after(_ limit: Duration, _ expired: @escaping @Sendable () -> Void) -> DeadlineTimer {
                expired()
                return DeadlineTimer {}
            }
        }
        let mailbox = Mailbox<Int, Failure>(clock: HastyClock(), overflow: .full)
        for number in 0..<3 {
            await #expect(throws: Failure.late) {
                try await mailbox.next(by: Deadline(in: .zero, from: clock.now), timeout: .late)
            }
            mailbox.deliver(number)
            #expect(try await mailbox.next(by: Deadline(in: .zero, from: clock.now), timeout: .late) == number)
        }
    }

    @Test("large messages that nobody asks for end the mailbox before there are many")
    func largeMessages() async throws {
        typealias Box = Mailbox<Int, Failure>
        for number in 0..<4 { mailbox.deliver(number, bytes: Box.capacityBytes / 2 + (number == 0 ? 0 : 1)) }
        let limit = Deadline(in: .seconds(5), from: clock.now)
        #expect(try await mailbox.next(by: limit, timeout: .late) == 0)
        await #expect(throws: Failure.full) { try await mailbox.next(by: limit, timeout: .late) }
        // One that is large alone is taken.
        let other = Box(clock: clock, overflow: .full)
        other.deliver(9, bytes: 2 * Box.capacityBytes)
        #expect(try await other.next(by: limit, timeout: .late) == 9)
    }

    @Test("what was delivered before the failure is handed out, then the first failure, for ever")
    func failure() async throws {
        mailbox.deliver(1)
        mailbox.fail(.gone)
        mailbox.fail(.late)
        mailbox.deliver(2)
        #expect(try await mailbox.next(by: Deadline(in: .seconds(5), from: clock.now), timeout: .late) == 1)
        for _ in 0..<2 {
            await #expect(throws: Failure.gone) {
                try await mailbox.next(by: Deadline(in: .seconds(5), from: clock.now), timeout: .late)
            }
        }
    }

    @Test("a failure ends a wait in progress")
    func failureEndsWait() async throws {
        let waiting = Task { try await mailbox.next(by: Deadline(in: .seconds(60), from: clock.now), timeout: .late) }
        mailbox.fail(.gone)
        await #expect(throws: Failure.gone) { try await waiting.value }
    }

    @Test("a mailbox that nobody empties holds a few messages and fails")
    func overflow() async throws {
        for number in 0..<1_000 { mailbox.deliver(number) }
        for number in 0..<16 {
            #expect(try await mailbox.next(by: Deadline(in: .seconds(5), from: clock.now), timeout: .late) == number)
        }
        await #expect(throws: Failure.full) {
            try await mailbox.next(by: Deadline(in: .seconds(5), from: clock.now), timeout: .late)
        }
    }
}
