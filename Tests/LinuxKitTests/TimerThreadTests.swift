import Basics
import LinuxKit
import Synchronization
import Testing

@Suite struct TimerThreadTests {
    private let timers = TimerThread.shared

    @Test func ringsOnceItsTimeHasCome() async {
        let began = ContinuousClock.now
        let rung = Outcome<ContinuousClock.Instant>()
        let timer = timers.after(.milliseconds(20)) { rung.settle(.now) }
        #expect(await rung.wait() - began >= .milliseconds(20))
        timer.cancel()
    }

    @Test func anEarlierOneIsNotHeldUp() async {
        let later = timers.after(.seconds(3600)) { Issue.record("an hour has passed") }
        let rung = Outcome<Void>()
        _ = timers.after(.milliseconds(1)) { rung.settle() }
        await rung.wait()
        later.cancel()
    }

    /// What is cancelled does not ring, and does not keep what comes after it from ringing.
    @Test func aThousandAreCancelled() async {
        let rung = Mutex(0)
        let last = Outcome<Void>()
        for _ in 0..<1000 {
            let timer = timers.after(.milliseconds(50)) { rung.withLock { $0 += 1 } }
            timer.cancel()
        }
        _ = timers.after(.milliseconds(60)) { last.settle() }
        await last.wait()
        #expect(rung.withLock { $0 } == 0)
    }

    @Test func whatLimitsCannotHold() async {
        let rung = Outcome<Void>()
        _ = timers.after(.seconds(Int64.max)) { Issue.record("rung") }
        _ = timers.after(.seconds(-1)) { rung.settle() }
        await rung.wait()
    }
}
