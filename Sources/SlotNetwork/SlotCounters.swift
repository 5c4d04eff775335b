internal import CSlotPrograms

/// What passed a slot since it was claimed, as its guest sees it, and what did not.
package struct SlotCounters: Sendable, Equatable {
    package private(set) var sentPackets: UInt64 = 0
    package private(set) var sentBytes: UInt64 = 0
    package private(set) var receivedPackets: UInt64 = 0
    package private(set) var receivedBytes: UInt64 = 0
    /// By reason, those that occurred.
    package private(set) var dropped: [DropReason: UInt64] = [:]

    package init() {}

    init(_ counters: slot_counters) {
        sentPackets = counters.sent_packets
        sentBytes = counters.sent_bytes
        receivedPackets = counters.received_packets
        receivedBytes = counters.received_bytes
        withUnsafeBytes(of: counters.dropped) { bytes in
            for (reason, count) in zip(DropReason.allCases, bytes.bindMemory(to: UInt64.self)) where count > 0 {
                dropped[reason] = count
            }
        }
    }

    package static func += (sum: inout SlotCounters, more: SlotCounters) {
        sum.sentPackets += more.sentPackets
        sum.sentBytes += more.sentBytes
        sum.receivedPackets += more.receivedPackets
        sum.receivedBytes += more.receivedBytes
        sum.dropped.merge(more.dropped, uniquingKeysWith: +)
    }
}

/// Why a frame of a guest, or one for it, was dropped; in the order of `enum slot_drop_reason`.
package enum DropReason: String, Sendable, CaseIterable, Codable {
    /// The slot was not bound, or not for this way.
    case closed
    /// A source MAC or IP address that is not the guest's.
    case spoofed
    /// ARP other than the question for the gateway.
    case arp
    /// To more than one station or host.
    case broadcast
    /// Neither IPv4 nor ARP.
    case `protocol`
    /// A destination that the mode does not reach.
    case policy
    /// Of no flow that the guest began.
    case inbound
    /// More than the slot may send.
    case rate
    /// Shorter than its headers say, or of a kind that is not translated.
    case malformed
}
