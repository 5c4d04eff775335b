import LinuxKit

/// One of several ways from a client to a server that are measured in turns, and what was measured of it.
struct Way: Sendable {
    let name: String
    let load: TCPLoad
    /// Microseconds; of all rounds.
    private(set) var connects = Samples()
    private(set) var exchanges = Samples()
    /// Gigabits a second, one value a round.
    private(set) var throughput = Samples()
    /// The median of each round.
    private(set) var connect = Samples()
    private(set) var exchange = Samples()

    init(_ name: String, _ load: TCPLoad) {
        self.name = name
        self.load = load
    }

    /// How much of each in one round. None of what is 0.
    struct Plan: Sendable {
        var rounds: Int
        var connects = 256
        var exchanges = 0
        var transfer = Duration.zero
    }

    private mutating func measureConnects(_ count: Int) throws(NetworkError) {
        let samples = try load.connects(count)
        connects.add(samples)
        connect.add(samples.p50)
    }

    private mutating func measureExchanges(_ count: Int) throws(NetworkError) {
        let samples = try load.exchanges(count)
        exchanges.add(samples)
        exchange.add(samples.p50)
    }

    /// Measures all of them in every round, one thing after the other and a different one first each time: what else the machine
    /// does meets all alike. Blocks.
    static func measure(
        _ ways: inout [Way], _ plan: Plan, afterRound: (Int) throws(NetworkError) -> Void = { _ in }
    ) throws(NetworkError) {
        for round in 0..<plan.rounds {
            let turns = ways.indices.map { ($0 + round) % ways.count }
            if plan.connects > 0 { for way in turns { try ways[way].measureConnects(plan.connects) } }
            if plan.exchanges > 0 { for way in turns { try ways[way].measureExchanges(plan.exchanges) } }
            if plan.transfer > .zero {
                for way in turns { ways[way].throughput.add(try ways[way].load.throughput(for: plan.transfer)) }
            }
            try afterRound(round)
        }
    }

    /// What each round says of this way beside another: one value a round, so that what slowed both down does not count.
    func ratio(to other: Way, _ median: KeyPath<Way, Samples>) -> Samples {
        Samples(zip(self[keyPath: median].values, other[keyPath: median].values).map { $0 / $1 })
    }
}

extension Samples {
    fileprivate mutating func add(_ other: Samples) { for value in other.values { add(value) } }
}
