import LinuxKit
import NetworkModel
import SlotNetwork
import SystemPackage
import Terminal

/// What a tunnel costs whose network is bound by a change of a map, beside one of the kernel's own that has its network from the
/// start; and whether networks with the same addresses stay apart.
struct VNIBenchmark: Sendable {
    private static let port: UInt16 = 7007
    private static let (first, second, fixed): (UInt32, UInt32, UInt32) = (100, 200, 300)
    private static let transfer = Duration.milliseconds(300)
    private static let binds = 100

    let context: BenchContext

    func run() async throws {
        let progress = Progress.report("vni")
        try await with(.direct) { direct in
            try await with(.bridged) { bridged in
                let (replaced, binds, wrong, ways) = try await BlockingThread.run { [context] () throws(any Error) in
                    progress("binding")
                    let (binds, replaced) = try Self.bind(direct, bridged, rounds: context.count)
                    progress("two networks")
                    var wrong = 0
                    for end in [direct, bridged] { wrong += try end.countStrays() }
                    progress("connections")
                    let (guests, members) = (try BenchHost.make(), try BenchHost.make())
                    var ways = try Self.kernelWays(guests, members)
                    ways += [Way("ours, direct", direct.loads[0]), Way("ours, bridged", bridged.loads[0])]
                    try Way.measure(&ways, Way.Plan(rounds: context.count, transfer: Self.transfer))
                    // A tunnel goes with the host that its outer packets belong to.
                    withExtendedLifetime([guests, members]) {}
                    return (replaced, binds, wrong, ways)
                }
                report(ways)
                context.report("network bound by map", "time", unit: "us", binds)
                context.report("tunnel made anew", "time", unit: "us", replaced)
                context.report(
                    "two networks, same addresses", "connections gone astray", unit: "", Samples([Double(wrong)]),
                    goal: .maxAtMost(0))
            }
        }
    }

    /// Two slots of one pool, each in a network of its own, and the servers they reach.
    private struct End: Sendable {
        let slots: [Slot]
        let loads: [TCPLoad]

        /// Connections that arrived in the other network. Both have the same addresses and ports.
        func countStrays() throws(NetworkError) -> Int {
            var strays = 0
            for (load, other) in [(loads[0], loads[1]), (loads[1], loads[0])] {
                // Each is accepted by its own server, or this throws.
                _ = try load.connects(100)
                try BenchSocket.attempt("look for connections") { () throws(Errno) in
                    if try other.server.descriptor.wait(for: .readable, atMost: .zero) { strays += 1 }
                }
            }
            return strays
        }
    }

    private func with(_ layout: SlotLayout, _ body: (End) async throws -> Void) async throws {
        let host = try await BlockingThread.run { () throws(NetworkError) in try BenchHost.make() }
        try await BenchSlots.with(4, layout, on: host, in: context.directory) { pool in
            await pool.prepare()
            var (slots, loads) = ([Slot](), [TCPLoad]())
            for identifier in [Self.first, Self.second] {
                let slot = try pool.claimOne(bound: .vpc(BenchNetwork.definition(identifier)))
                let load = try await BlockingThread.run { () throws(NetworkError) in
                    try TCPLoad(
                        from: slot.openNamespace(), to: Endpoint(address: BenchNetwork.server, port: Self.port),
                        in: try BenchNetwork.server(identifier, of: host))
                }
                slots.append(slot)
                loads.append(load)
            }
            try await body(End(slots: slots, loads: loads))
        }
    }

    /// The kernel's own tunnels, with their network from the start: of a guest that has the same address in every slot, and of a
    /// client that needs no translation.
    private static func kernelWays(_ guests: BenchHost, _ members: BenchHost) throws -> [Way] {
        let endpoint = Endpoint(address: BenchNetwork.server, port: port)
        return [
            Way(
                "kernel's tunnel, conntrack",
                try TCPLoad(
                    from: try BenchNetwork.guest(fixed, of: guests), to: endpoint,
                    in: try BenchNetwork.server(fixed, of: guests))),
            Way(
                "kernel's tunnel, no NAT",
                try TCPLoad(
                    from: try BenchNetwork.client(fixed, of: members), to: endpoint,
                    in: try BenchNetwork.server(fixed, of: members))),
        ]
    }

    /// Both in turns, in microseconds.
    private static func bind(_ ends: End..., rounds: Int) throws -> (binds: Samples, replaced: Samples) {
        let maker = OnDemandSlots(host: try BenchHost.make())
        _ = try maker.make(upTo: 1)
        var (binds, replaced) = (Samples(), Samples())
        for round in 0..<rounds {
            for end in ends {
                for _ in 0..<Self.binds {
                    for identifier in [second, first] {
                        let network = BenchNetwork.definition(identifier)
                        let start = MonotonicClock.now()
                        try end.slots[0].bind(.process, to: .vpc(network))
                        binds.add(Double(MonotonicClock.now() - start) / 1000)
                    }
                }
            }
            replaced.add(try maker.replaceTunnel(network: UInt32(1_000_000 + round)) * 1000)
        }
        return (binds, replaced)
    }

    private func report(_ ways: [Way]) {
        for way in ways {
            context.report(way.name, "TCP connect", unit: "us", way.connects)
            context.report(way.name, "throughput", unit: "Gb/s", way.throughput)
        }
        for way in ways.suffix(2) {
            context.report(
                way.name, "connect, against conntrack", unit: "x", way.ratio(to: ways[0], \.connect),
                goal: .p50AtMost(1))
            context.report(way.name, "connect, against no NAT", unit: "x", way.ratio(to: ways[1], \.connect))
            context.report(
                way.name, "throughput, against no NAT", unit: "x", way.ratio(to: ways[1], \.throughput),
                goal: .p50AtLeast(0.95))
        }
    }
}
