import FunctionModel
import LinuxKit
import Synchronization
import Testing
import Worker

@Suite struct HostMemoryBudgetTests {
    /// A host of 1 GiB, of which so many MiB are available.
    private final class Host: Sendable {
        private let available: Mutex<UInt64>
        init(available: UInt64) { self.available = Mutex(available << 20) }
        func set(available: UInt64) { self.available.withLock { $0 = available << 20 } }
        func budget() -> HostMemoryBudget {
            HostMemoryBudget { [self] in HostMemory(total: 1 << 30, available: available.withLock { $0 }) }
        }
    }

    private let version = VersionKey("f", .published(1))

    @Test("sandboxes are made as long as each may use what is expected of it, and a reserve stays")
    func promises() {
        let budget = Host(available: 251).budget()
        // A twentieth of a GiB is kept, which leaves 199.8 MiB.
        let first = budget.reserve(version, guess: 150 << 20)
        #expect(budget.reserve(version, guess: 50 << 20) == nil)
        let second = budget.reserve(version, guess: 49 << 20)
        #expect(second?.bytes == 49 << 20)
        second?.giveBack()
        second?.giveBack()
        second?.note(peak: 1 << 20)
        #expect(budget.promised == 150 << 20)
        first?.giveBack()
    }

    @Test("a guess holds until a version has been invoked some times, then the most it has used and a quarter")
    func experience() {
        let budget = Host(available: 1000).budget()
        let sandbox = budget.reserve(version, guess: 100 << 20)
        for _ in 0..<7 { sandbox?.note(peak: 8 << 20) }
        #expect(budget.promised == 100 << 20)
        sandbox?.note(peak: 8 << 20)
        #expect(budget.promised == 10 << 20)
        sandbox?.note(peak: 40 << 20)
        #expect(budget.promised == 50 << 20)
        let next = budget.reserve(version, guess: 100 << 20)
        #expect(next?.bytes == 50 << 20)
        budget.forget { $0 == version }
        let new = budget.reserve(version, guess: 100 << 20)
        #expect(new?.bytes == 100 << 20)
    }

    @Test("a reservation that is forgotten is given back")
    func forgotten() {
        let budget = Host(available: 500).budget()
        do { #expect(budget.reserve(version, guess: 1 << 20) != nil) }
        #expect(budget.promised == 0)
    }

    @Test("what sandboxes use already is not counted twice")
    func charged() {
        let host = Host(available: 300)
        let budget = host.budget()
        let first = budget.reserve(version, guess: 200 << 20)
        host.set(available: 110)  // The sandbox has taken 190 of its 200.
        #expect(budget.reserve(version, guess: 40 << 20) == nil)
        #expect(budget.reserve(version, guess: 40 << 20, charged: 190 << 20) != nil)
        // No more than was promised: the rest is something else's.
        #expect(budget.reserve(version, guess: 100 << 20, charged: 900 << 20) == nil)
        first?.giveBack()
    }

    @Test("a tenth of the host is comfort; what cannot be read is no shortage")
    func shortage() {
        #expect(Host(available: 500).budget().shortage() == 0)
        #expect(Host(available: 2).budget().shortage() == (1 << 30) / 10 - (2 << 20))
        let unknown = HostMemoryBudget { nil }
        #expect(unknown.shortage() == 0)
        #expect(unknown.reserve(version, guess: .max) != nil)
    }
}
