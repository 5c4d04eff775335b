import CLibbpf
import CSlotPrograms
import Glibc
import LinuxKit
import NetworkModel
import SlotNetwork
import SystemPackage
import TestSupport
import Testing

/// One after the other: all of them use the same slot.
@Suite(.requiresRoot, .serialized) enum ProgramTests {}

/// The slots' programs as the server loads them, each run by the kernel for one frame (BPF_PROG_TEST_RUN of bpf(2)), without any
/// interface that the frame came by.
///
/// What this cannot see: where a redirect leads, which the kernel does not tell, and what a tunnel device says of a frame, which
/// nobody can give it. Nor are there frames without a whole IP header: newer kernels refuse to make one up. All that is seen where
/// packets travel (ReachTests, HostileGuestTests).
struct LoadedPrograms: Sendable {
    /// A namespace with interfaces of the numbers that the programs know their slot by.
    let host: SharedDescriptor
    let programs: KernelPrograms

    static let direct = Result { try LoadedPrograms { _ in } }
    static let bridged = Result { try LoadedPrograms { $0.bridged = 1 } }
    /// Ten bytes a second, after a hundred.
    static let slow = Result { try LoadedPrograms { ($0.bytes_per_second, $0.burst_bytes) = (10, 100) } }

    /// The slot that is used; there are as many before it as behind.
    static let slot = 1
    static let firstAddress = IPv4Address(10, 200, 0, 0)
    /// Its address outside, in mode egress.
    static let address = IPv4Address(10, 200, 0, 1)
    static let network: UInt32 = 4711
    /// Its address in the network, in mode vpc.
    static let resident = IPv4Address(10, 1, 0, 5)
    static let neighbour = IPv4Address(10, 1, 0, 6)
    static let gateway = MACAddress(0x0a, 1, 2, 3, 4, 5)
    /// The host's own, and where the networks' gateway is.
    static let hostAddress = IPv4Address(198, 51, 100, 1)
    static let endpoint = IPv4Address(198, 51, 100, 2)
    static let dummyEndpoint = IPv4Address(192, 0, 2, 254)
    static let trunkAddress = IPv4Address(192, 0, 2, 1)
    static let dummyNetwork: UInt32 = 0xe0_0000

    private init(_ change: (inout slot_settings) -> Void) throws {
        var settings = slot_settings()
        settings.count = 3
        settings.first_address = Self.firstAddress.rawValue.bigEndian
        settings.dummy_network = Self.dummyNetwork
        settings.dummy_endpoint = Self.dummyEndpoint.rawValue.bigEndian
        settings.trunk_address = Self.trunkAddress.rawValue.bigEndian
        settings.trunk_size = 2
        settings.tunnel_source = Self.hostAddress.rawValue.bigEndian
        settings.tunnel_port = 4789
        change(&settings)
        host = try makeHostNamespace()
        programs = try KernelPrograms.load(settings, attachment: .clsact)
        let maps = programs.maps
        try DeniedDestinations.enter(maps, slots: IPv4Prefix(Self.firstAddress, length: 16))
        try maps.add(
            .init(
                address: Self.endpoint, destination: IPv4Prefix(IPv4Address(10, 1, 0, 0), length: 16),
                hardwareAddress: Self.gateway), to: Self.network)
        try maps.add(resident: Self.resident, of: Self.network, slot: Self.slot)
        try maps.add(resident: Self.neighbour, of: Self.network, slot: Self.slot + 1)
        try maps.set(hostEnd: Link.hostEnd, of: 0)
        try NetworkNamespace.run(in: host) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            try netlink.perform([
                .makeVeth(.init("hub", index: Link.hub.index), peer: .init("tap", index: Link.tap.index)),
                .makeVeth(.init("bridge", index: Link.bridge.index), peer: .init("tunnel", index: Link.tunnel.index)),
                .makeVeth(.init("neighbour", index: Link.neighbour.index), peer: .init("other")),
                .makeVeth(.init("host", index: Link.host.index), peer: .init("out", index: Link.hostEnd.index)),
                .change(Link.host, .up), .change(Link.hostEnd, .up),
                .addAddress(Self.hostAddress, prefix: 24, to: Link.host),
            ])
            // Else the kernel's own routing says that it does not pass packets on.
            do throws(Errno) { try SmallFile.set("/proc/sys/net/ipv4/ip_forward", to: "1") } catch {
                throw NetworkError("set net.ipv4.ip_forward", error)
            }
        }
    }

    /// Interfaces that belong to the slot, and the host's.
    enum Link {
        static let hub = NetlinkRequest.Link(index: CInt(slot_hub_base) + 1)
        /// The next slot's.
        static let neighbour = NetlinkRequest.Link(index: CInt(slot_hub_base) + 2)
        static let tap = NetlinkRequest.Link(index: CInt(slot_bridged_tap_base) + 1)
        static let bridge = NetlinkRequest.Link(index: CInt(slot_bridged_bridge_base) + 1)
        static let tunnel = NetlinkRequest.Link(index: CInt(slot_bridged_tunnel_base) + 1)
        static let host = NetlinkRequest.Link(index: 10)
        static let hostEnd = NetlinkRequest.Link(index: 11)
    }

    // MARK: - Running

    /// What a program says: TC_ACT_… of linux/pkt_cls.h.
    enum Verdict: Int32 {
        case unspecified = -1
        case pass = 0
        case drop = 2
        case redirect = 7
    }

    struct Outcome {
        let verdict: Verdict?
        let frame: [UInt8]
        let counters: SlotCounters
    }

    /// Makes the slot what a row wants: of no use to anybody else, its counters at nothing, no flow begun.
    func set(_ mode: slot_mode, _ occupant: Occupant = .machine, nameServer: IPv4Address? = nil) throws {
        var entry = slot_entry()
        entry.mode = UInt8(mode.rawValue)
        entry.occupant = occupant == .machine ? 1 : 0
        entry.address = (mode == slot_mode_vpc ? Self.resident : Self.address).rawValue.bigEndian
        entry.vni = mode == slot_mode_vpc ? Self.network : 0
        entry.interface = UInt32(Link.hub.index)
        entry.name_server = nameServer?.rawValue.bigEndian ?? 0
        try programs.maps.set(entry, of: Self.slot)
        try programs.maps.clearFlows(of: Self.slot)
        try programs.maps.clearCounters(of: Self.slot)
    }

    enum Occupant { case processes, machine }

    func run(_ program: KernelPrograms.Program, at link: NetlinkRequest.Link, _ frame: [UInt8]) throws -> Outcome {
        let results = try run(program, at: link, [frame])
        return Outcome(
            verdict: Verdict(rawValue: results[0].verdict), frame: results[0].frame,
            counters: try programs.maps.counters(of: Self.slot))
    }

    /// Many at once: verdicts and frames.
    func run(
        _ program: KernelPrograms.Program, at link: NetlinkRequest.Link, _ frames: [[UInt8]]
    ) throws -> [(verdict: Int32, frame: [UInt8])] {
        try NetworkNamespace.run(in: host) { () throws(NetworkError) in
            var results: [(verdict: Int32, frame: [UInt8])] = []
            for frame in frames { results.append(try Self.run(programs.descriptor(of: program), link, frame)) }
            return results
        }
    }

    private static func run(
        _ program: SharedDescriptor, _ link: NetlinkRequest.Link, _ frame: [UInt8]
    ) throws(NetworkError) -> (verdict: Int32, frame: [UInt8]) {
        var context = __sk_buff()
        context.ifindex = UInt32(bitPattern: link.index)
        var output = [UInt8](repeating: 0, count: frame.count + 256)
        var options = bpf_test_run_opts()
        options.sz = MemoryLayout<bpf_test_run_opts>.size
        options.data_size_in = UInt32(frame.count)
        options.data_size_out = UInt32(output.count)
        options.ctx_size_in = UInt32(MemoryLayout<__sk_buff>.size)
        options.repeat = 1
        let outcome = program.withRaw { raw in
            frame.withUnsafeBytes { input in
                output.withUnsafeMutableBytes { output in
                    withUnsafeBytes(of: context) { context in
                        options.data_in = input.baseAddress
                        options.data_out = output.baseAddress
                        options.ctx_in = context.baseAddress
                        return bpf_prog_test_run_opts(raw, &options)
                    }
                }
            }
        }
        guard outcome == 0 else { throw NetworkError("run a program for a frame", Errno(rawValue: -outcome)) }
        return (Int32(bitPattern: options.retval), Array(output.prefix(Int(options.data_size_out))))
    }
}
