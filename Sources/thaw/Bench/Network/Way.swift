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

    private mutating func measure(_ plan: Plan) throws(NetworkError) {
        if plan.connects > 0 {
            let samples = try load.connects(plan.connects)
            connects.add(samples)
            connect.add(samples.p50)
        }
        if plan.exchanges > 0 {
            let samples = try load.exchanges(plan.exchanges)
            exchanges.add(samples)
            exchange.add(samples.p50)
        }
        if plan.transfer > .zero { throughput.add(try load.throughput(for: plan.transfer)) }
    }

    /// Measures all of them in every round, a different one first each time: what else the machine does meets all alike. Blocks.
    static func measure(
        _ ways: inout [Way], _ plan: Plan, afterRound: (Int) throws(NetworkError) -> Void = { _ in }
    ) throws(NetworkError) {
        for round in 0..<plan.rounds {
            for turn in ways.indices { try ways[(turn + round) % ways.count].measure(plan) }
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
