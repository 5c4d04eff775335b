import Basics
import Logging
import ServerAssembly
import Synchronization
import TestSupport
import Testing

@Suite("A stop", .timeLimit(.minutes(1))) struct StopTests {
    /// What the limit of a stop had done, in order.
    private final class Acts: Sendable {
        enum Act { case endAtOnce, leave }
        private let acts = Mutex<[Act]>([])
        let left = Outcome<Void>()

        var all: [Act] { acts.withLock { $0 } }

        func note(_ act: Act) {
            acts.withLock { $0.append(act) }
            if act == .leave { left.settle() }
        }
    }

    private let clock = ManualClock()
    private let acts = Acts()

    private var limit: StopLimit {
        StopLimit(
            drain: .seconds(20), timers: clock, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            endAtOnce: { [acts] in acts.note(.endAtOnce) }, leave: { [acts] in acts.note(.leave) })
    }

    @Test("ends by itself, with nothing to do for its limit")
    func ends() {
        let limit = limit
        limit.begin()
        limit.end()
        #expect(acts.all.isEmpty)
    }

    @Test("that does not end is ended at once after the drain and a few seconds, and left after a few more")
    func isLeft() async {
        limit.begin()
        await clock.expire(.seconds(20) + StopLimit.rest)
        await clock.expire(StopLimit.rest)
        await acts.left.wait()
        #expect(acts.all == [.endAtOnce, .leave])
    }

    @Test("that is hurried has a few seconds, whatever the drain was")
    func isHurried() async {
        let limit = limit
        limit.begin()
        limit.hurry()
        #expect(acts.all == [.endAtOnce])
        await clock.expire(StopLimit.rest)
        await acts.left.wait()
        #expect(acts.all == [.endAtOnce, .leave])
    }
}
