import LinuxKit
import NetworkModel
import SlotNetwork
import Terminal

/// What a request waits for its network: a claim and what binds the slot, beside a slot made on demand and a tunnel made anew; and
/// how long a slot takes to be free again.
struct ClaimBenchmark: Sendable {
    private static let rounds = 20
    /// Slots that are used and reset.
    private static let used = 200
    private static let usedAgain = 50
    private static let port: UInt16 = 7007
    private static let distribution = "time of a claim"

    let context: BenchContext

    func run() async throws {
        let host = try await BlockingThread.run { () throws(NetworkError) in try BenchHost.make() }
        let maker = OnDemandSlots(
            host: try await BlockingThread.run { () throws(NetworkError) in try BenchHost.make() })
        let progress = Progress.report("claim")
        progress("building \(context.count) slots")
        let (egress, vpc, resets, made, replaced) = try await BenchSlots.with(
            context.count, on: host, in: context.directory
        ) { pool in
            await pool.prepare()
            progress("claims")
            let (egress, made) = try await claims(pool, mode: .egress) { round throws(NetworkError) in
                try maker.make(upTo: round + 1).last
            }
            progress("resets")
            let resets = try await useAndReset(pool, host)
            progress("claims in a virtual network")
            let (vpc, replaced) = try await claims(pool, mode: .vpc(BenchNetwork.definition(7))) {
                round throws(NetworkError) in
                try maker.replaceTunnel(network: UInt32(1_000_000 + round))
            }
            return (egress, vpc, resets, made, replaced)
        }
        report("claim and bind, egress", egress, made, before: "slot made on demand")
        report("claim and bind, virtual network", vpc, replaced, before: "tunnel made anew")
        context.report("used slot", "until it is free again", resets.each, goal: .p99AtMost(2))
        context.report("the same slot again and again", "until it is free again", resets.again)
    }

    /// Claims every slot, a part of them in each round, with one of what was done before between the rounds; then gives them
    /// back. Microseconds of each claim, milliseconds of the others.
    private func claims(
        _ pool: SlotPool, mode: NetworkMode,
        beside: @escaping @Sendable (Int) throws(NetworkError) -> Double
    ) async throws -> (claims: Samples, before: Samples) {
        let count = context.count
        let (slots, claims, before) = try await BlockingThread.run { () throws(any Error) in
            var (slots, claims, before) = ([Slot](), Samples(), Samples())
            for round in 0..<Self.rounds {
                for _ in (count * round / Self.rounds)..<(count * (round + 1) / Self.rounds) {
                    let start = MonotonicClock.now()
                    slots.append(try pool.claimOne(bound: mode))
                    claims.add(Double(MonotonicClock.now() - start) / 1000)
                }
                before.add(try beside(round))
            }
            return (slots, claims, before)
        }
        for slot in slots { await pool.release(slot) }
        await pool.prepare()
        return (claims, before)
    }

    /// From the release of a slot whose connection has been closed until it is free, of so many slots and of one that is used
    /// again and again. Milliseconds.
    private func useAndReset(_ pool: SlotPool, _ host: BenchHost) async throws -> (each: Samples, again: Samples) {
        let load = try await BlockingThread.run { () throws(NetworkError) in
            try host.load(from: host.namespace, port: Self.port)
        }
        var (slots, each, again) = ([Slot](), Samples(), Samples())
        for _ in 0..<min(Self.used, context.count) { slots.append(try await Self.use(pool, load)) }
        for slot in slots { each.add(try await Self.reset(slot, of: pool)) }
        for _ in 0..<Self.usedAgain { again.add(try await Self.reset(try await Self.use(pool, load), of: pool)) }
        return (each, again)
    }

    private static func use(_ pool: SlotPool, _ load: TCPLoad) async throws -> Slot {
        let slot = try pool.claimOne(bound: .egress)
        try await BlockingThread.run { () throws(NetworkError) in try load.from(slot.openNamespace()).useOnce() }
        return slot
    }

    private static func reset(_ slot: Slot, of pool: SlotPool) async throws -> Duration {
        let start = ContinuousClock.now
        await pool.release(slot)
        await pool.prepare()
        return ContinuousClock.now - start
    }

    private func report(_ name: String, _ claims: Samples, _ old: Samples, before: String) {
        context.report(name, "time", unit: "us", claims, goal: .p50AtMost(15))
        context.report(name, "time, p99", unit: "us", claims, goal: .p99AtMost(60))
        let old = Samples(old.values.map { $0 * 1000 })
        context.report(before, "time", unit: "us", old)
        for (line, samples) in [(name, claims), (before, old)] {
            context.line(
                line, Self.distribution, x: "us", y: "part of all", Series.distribution(samples))
        }
    }
}
