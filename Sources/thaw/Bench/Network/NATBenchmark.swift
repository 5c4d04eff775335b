import LinuxKit

/// What translating a slot's address costs: ours, beside a table of connections kept twice and beside no translation at all.
struct NATBenchmark: Sendable {
    private static let port: UInt16 = 7007
    private static let exchanges = 512
    private static let transfer = Duration.milliseconds(300)

    let context: BenchContext

    func run() async throws {
        let plan = Way.Plan(rounds: context.count, exchanges: Self.exchanges, transfer: Self.transfer)
        let (ways, tracked) = try await BlockingThread.run { () throws(any Error) in
            let (plain, stateful) = (try BenchHost.make(), try BenchHost.make())
            let client = try TrackedNAT.client(on: stateful)
            var ways = [
                Way(
                    "no translation", try plain.load(from: try plain.client("c0", TrackedNAT.outside), port: Self.port)),
                Way("conntrack, twice", try stateful.load(from: client, port: Self.port)),
            ]
            var tracked = Samples()
            try Way.measure(&ways, plan) { _ throws(NetworkError) in
                var count = 0
                for namespace in [client, stateful.namespace] {
                    count += try BenchHost.trackedConnections(in: namespace)
                }
                tracked.add(Double(count))
            }
            return (ways, tracked)
        }
        for way in ways { report(way) }
        context.report("conntrack, twice", "tracked connections", unit: "", tracked)
    }

    private func report(_ way: Way) {
        context.report(way.name, "TCP connect", unit: "us", way.connects)
        context.report(way.name, "request and response, 1 byte", unit: "us", way.exchanges)
        context.report(way.name, "throughput", unit: "Gb/s", way.throughput)
    }
}
