package import LinuxKit
package import SystemPackage

/// How a server's slots are built.
package struct SlotConfiguration: Sendable {
    /// How many slots there are: 1 to 65,536.
    package var count: Int
    package var layout = SlotLayout.direct
    /// Where the host's addresses for slots are taken from: a part of it that no route of the host leads into.
    package var ranges: IPv4Prefix
    package var egress = EgressMode.masquerade
    /// Who answers what functions with egress ask for names; nil: nobody.
    package var nameServer: IPv4Address?
    /// The UDP port of the tunnels: 4789 by RFC 7348.
    package var tunnelPort: UInt16 = 4789
    /// How many slots of layout `bridged` share a namespace for the outer side of their tunnels, at least 1: see ``Trunk``.
    package var trunkSize = 256
    /// Nil: tcx where the kernel has it, else clsact.
    package var attachment: ProgramAttachment?
    /// What a slot may send, in bytes a second; nil: as much as it can.
    package var bytesPerSecond: UInt64?
    /// Tells this server's devices from those of another one on the host: 1 to 7 letters and digits.
    package var instance: String
    /// Where what outlives the server is found again: a directory of its own, made if missing.
    package var directory: FilePath

    /// The shared address space of RFC 6598, which no host on the internet has.
    package static let sharedAddressSpace = IPv4Prefix(IPv4Address(100, 64, 0, 0), length: 10)
    /// Where a server's slots are found by its instance.
    package static let directories: FilePath = "/run/thaw"
    package static func directory(ofInstance instance: String) -> FilePath {
        directories.appending(instance).appending("slots")
    }
    package static let counts = 1...65_536

    package init(
        count: Int, instance: String, directory: FilePath, ranges: IPv4Prefix = SlotConfiguration.sharedAddressSpace
    ) {
        self.count = count
        self.instance = instance
        self.directory = directory
        self.ranges = ranges
    }
}

/// What a slot consists of.
package enum SlotLayout: String, Sendable, CaseIterable, Codable {
    /// A veth and a tap, joined by programs; all slots share one tunnel device.
    case direct
    /// A bridge joins veth and tap; each slot has a tunnel device of its own.
    case bridged
}

/// How what slots in mode `egress` send leaves the host.
package enum EgressMode: String, Sendable, CaseIterable, Codable {
    /// Not at all: no function may have that mode.
    case none
    /// With the slots' own addresses: the networks around have to route them back to this host.
    case routed
    /// With the host's address: one rule of the host's own, which tracks connections.
    case masquerade
}

/// What a guest finds, the same in every slot, so that a snapshot fits into each.
package enum SlotAddresses {
    package static let guest = IPv4Address(169, 254, 0, 21)
    /// Also whom guests ask for names.
    package static let gateway = IPv4Address(169, 254, 0, 22)
    package static let prefixLength: UInt8 = 30
    /// One more of the slot's loopback: where functions find the Runtime API.
    package static let platform = IPv4Address(169, 254, 100, 1)
    static let all = "\(guest)/\(prefixLength) \(platform)"
    /// The largest packet a guest sends, in bytes: with what a tunnel adds it is one of 1,500 (RFC 7348, 4.3).
    package static let largestPacket: UInt32 = 1450
    /// A virtual machine's interface.
    package static let machine = MACAddress(0x02, 0x54, 0x48, 0x41, 0x57, 0x01)
    /// The interface that processes use, `eth0`.
    package static let interface = MACAddress(0x02, 0x54, 0x48, 0x41, 0x57, 0x02)
    package static let gatewayStation = MACAddress(0x02, 0x54, 0x48, 0x41, 0x57, 0xfe)
    /// The two ends of a server's uplink.
    static let host = MACAddress(0x02, 0x54, 0x48, 0x41, 0x57, 0xf0)
    static let hub = MACAddress(0x02, 0x54, 0x48, 0x41, 0x57, 0xf1)
    package static let tapName = "tap0"
    package static let interfaceName = "eth0"
}
