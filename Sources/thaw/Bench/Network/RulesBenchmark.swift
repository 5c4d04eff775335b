import LinuxKit

/// What the rules of thousands of slots cost the last of them: 30 a slot in the host's namespace, beside ours.
struct RulesBenchmark: Sendable {
    private static let port: UInt16 = 7007
    private static let rounds = 12
    private static let connects = 128

    let context: BenchContext

    func run() async throws {
        let count = context.count
        let indices = [0, count / 2, count - 1]
        let (ways, rules) = try await BlockingThread.run { () throws(any Error) in
            let host = try BenchHost.make()
            var ways: [Way] = []
            for index in indices {
                let client = try host.client(RootRules.link(index), RootRules.address(index))
                ways.append(Way("slot \(index + 1)", try host.load(from: client, port: Self.port + UInt16(ways.count))))
            }
            try NFTables.load(RootRules.text(slots: count), in: host.namespace)
            try Way.measure(&ways, Way.Plan(rounds: Self.rounds, connects: Self.connects))
            return (ways, try NFTables.countRules(in: host.namespace))
        }
        for way in ways { context.report("rules of all slots, \(way.name)", "TCP connect", unit: "us", way.connects) }
        context.report("rules of all slots", "rules in the host's namespace", unit: "", Samples([Double(rules)]))
    }
}
