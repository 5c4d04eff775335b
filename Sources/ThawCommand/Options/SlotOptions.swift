import ArgumentParser
import LinuxKit
import ServerAssembly
import SlotNetwork

/// What can be set about a server's network slots.
package struct SlotOptions: ParsableArguments {
    private static let standard = ServerConfiguration.Slots()

    @Option(
        name: .customLong("slots"),
        help:
            "Network slots, built at the start. Default: what --max-sandboxes and --ready need, which is all that can be used."
    )
    var count: Int?

    @Option(
        name: .customLong("slot-layout"),
        help: "What a slot consists of: direct, or bridged with a device more of each kind.")
    var layout = Self.standard.layout

    @Option(
        name: .customLong("slot-range"),
        help: "Where the host's own addresses for slots are taken from: a part of it that no route leads into.")
    var ranges = Self.standard.ranges

    @Option(
        help: """
            How functions tagged thaw:network=egress leave the host: masquerade, with its address; routed, with their slots' own, \
            which the networks around have to route back; none, not at all.
            """)
    var egress = Self.standard.egress

    @Option(
        name: .customLong("name-server"),
        help: """
            Who answers what functions with egress ask for names: host, the first name server of the host that is not the host \
            itself; an address; or none.
            """)
    var nameServer = Self.standard.nameServer

    @Option(name: .customLong("tunnel-port"), help: "UDP port of the tunnels of virtual networks (VXLAN).")
    var tunnelPort = Int(Self.standard.tunnelPort)

    @Option(name: .customLong("slot-rate"), help: "Mbit/s that a slot may send. Default: as many as it can.")
    var rate: Int?

    @Flag(
        name: .customLong("keep-slots"), inversion: .prefixedNo,
        help: "Leave the slots for the next start, which then need not build them.")
    package var keep = false

    package init() {}

    package func validate() throws {
        if let count, !SlotConfiguration.counts.contains(count) {
            throw ValidationError("--slots must be 1 to 65536; \(count) was given")
        }
        guard (1...65_535).contains(tunnelPort) else {
            throw ValidationError("--tunnel-port must be 1 to 65535; \(tunnelPort) was given")
        }
        if let rate, !(1...400_000).contains(rate) {
            throw ValidationError("--slot-rate must be 1 to 400000; \(rate) was given")
        }
    }

    var configuration: ServerConfiguration.Slots {
        var slots = Self.standard
        slots.count = count
        slots.layout = layout
        slots.ranges = ranges
        slots.egress = egress
        slots.nameServer = nameServer
        slots.tunnelPort = UInt16(clamping: tunnelPort)
        slots.megabitsPerSecond = rate
        slots.keep = keep
        return slots
    }
}

extension NameServer: ExpressibleByArgument {
    package init?(argument: String) {
        switch argument {
        case "host": self = .host
        case "none": self = .none
        default:
            guard let address = IPv4Address(argument) else { return nil }
            self = .address(address)
        }
    }

    package var defaultValueDescription: String { "host" }
}

extension SlotLayout: ExpressibleByArgument {}
extension EgressMode: ExpressibleByArgument {}
