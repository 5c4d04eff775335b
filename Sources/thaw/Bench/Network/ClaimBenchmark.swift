import LinuxKit

/// What a request waits for its network: a claim and what binds the slot, beside a slot made on demand and a tunnel made anew.
struct ClaimBenchmark: Sendable {
    private static let onDemand = 20

    let context: BenchContext

    func run() async throws {
        let (made, replaced) = try await BlockingThread.run { () throws(NetworkError) in
            let maker = OnDemandSlots(host: try BenchHost.make())
            return (try maker.make(upTo: Self.onDemand), try maker.replaceTunnels())
        }
        context.report("on demand", "a slot with its tunnel", made)
        context.report("on demand", "the tunnel made anew", replaced)
    }
}
