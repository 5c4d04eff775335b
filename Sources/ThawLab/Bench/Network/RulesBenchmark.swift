import LinuxKit
import NetworkModel
import SlotNetwork
import Terminal

/// What the rules of thousands of slots cost the last of them: 30 a slot in the host's namespace, beside ours.
struct RulesBenchmark: Sendable {
    private static let port: UInt16 = 7007
    private static let rounds = 20
    private static let connects = 128

    let context: BenchContext

    func run() async throws {
        let (progress, count) = (Progress.report("rules"), context.count)
        let indices = [0, count / 2, count - 1]
        let host = try await BlockingThread.run { () throws(NetworkError) in try BenchHost.make() }
        progress("building \(count) slots")
        try await BenchSlots.with(count, egress: .masquerade, on: host, in: context.directory) { pool in
            await pool.prepare()
            let slots = try pool.claimAll(count)
            for index in indices { try slots[index].bind(.process, to: .egress) }
            let (ours, old, rules) = try await BlockingThread.run { () throws(any Error) in
                var ways: [Way] = []
                for index in indices {
                    let load = try host.load(from: slots[index].openNamespace(), port: Self.port + UInt16(ways.count))
                    ways.append(Way("ours, slot \(index + 1)", load))
                }
                progress("\(count * RootRules.perSlot) rules")
                let (old, oldWays) = try Self.old(slots: count, indices)
                ways += oldWays
                progress("connections")
                try Way.measure(&ways, Way.Plan(rounds: Self.rounds, connects: Self.connects))
                let rules = [try NFTables.countRules(in: host.namespace), try NFTables.countRules(in: old.namespace)]
                return (Array(ways.prefix(indices.count)), Array(ways.suffix(indices.count)), rules)
            }
            report("ours", ours, at: indices, rules: rules[0], goals: true)
            report("30 rules a slot in the host's", old, at: indices, rules: rules[1], goals: false)
        }
    }

    /// Only the slots that are measured exist; the rules of all do.
    private static func old(slots: Int, _ indices: [Int]) throws -> (BenchHost, [Way]) {
        let host = try BenchHost.make()
        var ways: [Way] = []
        for index in indices {
            let client = try host.client(RootRules.link(index), RootRules.address(index))
            let load = try host.load(from: client, port: port + UInt16(ways.count))
            ways.append(Way("30 rules a slot, slot \(index + 1)", load))
        }
        try NFTables.load(RootRules.text(slots: slots), in: host.namespace)
        return (host, ways)
    }

    private func report(_ name: String, _ ways: [Way], at indices: [Int], rules: Int, goals: Bool) {
        for way in ways { context.report(way.name, "TCP connect", unit: "us", way.connects) }
        if let first = ways.first, let last = ways.last {
            context.report(
                name, "connect, last slot against first", unit: "x", last.ratio(to: first, \.connect),
                goal: goals ? .p50AtMost(1.05) : nil)
        }
        context.report(
            name, "rules in the host's namespace", unit: "", Samples([Double(rules)]),
            goal: goals ? .maxAtMost(16) : nil)
        context.line(
            name, "TCP connect", x: "number of the slot", y: "us",
            zip(indices, ways).map { Series.Point(x: Double($0 + 1), y: $1.connects.p50) })
    }
}
