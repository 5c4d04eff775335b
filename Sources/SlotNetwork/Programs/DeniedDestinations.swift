internal import CSlotPrograms
package import LinuxKit

/// Destinations that no slot reaches, whatever its mode.
package enum DeniedDestinations {
    private static let everywhere: [IPv4Prefix] = [
        IPv4Prefix(IPv4Address(0, 0, 0, 0), length: 8),
        IPv4Prefix(IPv4Address(127, 0, 0, 0), length: 8),
        // The metadata addresses of AWS, Google Cloud and Azure among them.
        IPv4Prefix(IPv4Address(169, 254, 0, 0), length: 16),
        // Alibaba Cloud's metadata, Azure's wire server, Oracle Cloud's metadata.
        IPv4Prefix(IPv4Address(100, 100, 100, 200), length: 32),
        IPv4Prefix(IPv4Address(168, 63, 129, 16), length: 32),
        IPv4Prefix(IPv4Address(192, 0, 0, 192), length: 32),
        IPv4Prefix(IPv4Address(224, 0, 0, 0), length: 3),
    ]

    /// - Parameter slots: where slots have their addresses; virtual networks may use the same ones.
    package static func enter(_ maps: SlotMaps, slots: IPv4Prefix) throws(NetworkError) {
        for destination in everywhere { try maps.deny(destination, to: [slot_mode_egress, slot_mode_vpc]) }
        try maps.deny(slots, to: [slot_mode_egress])
    }
}
