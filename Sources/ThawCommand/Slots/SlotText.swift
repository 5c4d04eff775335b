import Foundation
import ServerAssembly
import SlotNetwork
import Terminal

/// One slot as a row, and as a line of JSON.
struct SlotRow: Encodable {
    var instance: String
    /// Of its server.
    var stateDirectory: String?
    var port: Int?
    var process: Int32?
    var slot: Int
    var state: String
    /// What runs in it, as NAME:VERSION; nil when it serves no function, or none yet.
    var function: String?
    var occupant: String?
    var mode: String?
    var address: String?
    var vni: UInt32?
    var sentPackets: UInt64
    var sentBytes: UInt64
    var receivedPackets: UInt64
    var receivedBytes: UInt64
    var dropped: [String: UInt64]

    static let header = [
        "SLOT", "STATE", "FUNCTION", "FOR", "MODE", "ADDRESS", "VNI", "SENT", "RECEIVED", "DROPPED",
    ]
    static let numbers: Set<Int> = [0, 7, 8, 9]

    init(_ server: ServerView, _ view: SlotInspection.View) {
        instance = server.slots.instance
        (stateDirectory, port, process) = (server.record?.stateDirectory, server.record?.port, server.record?.process)
        slot = view.index
        function = view.state == .claimed ? server.functions[view.index] : nil
        state = "\(view.state)"
        occupant = view.mode == nil ? nil : "\(view.occupant)"
        mode = view.mode?.rawValue
        address = view.address
        vni = view.network
        (sentPackets, sentBytes) = (view.counters.sentPackets, view.counters.sentBytes)
        (receivedPackets, receivedBytes) = (view.counters.receivedPackets, view.counters.receivedBytes)
        dropped = Dictionary(uniqueKeysWithValues: view.counters.dropped.map { ($0.key.rawValue, $0.value) })
    }

    var cells: [String] {
        [
            "\(slot)", state, function ?? "", occupant ?? "", mode ?? "", address ?? "", vni.map { "\($0)" } ?? "",
            "\(sentBytes)", "\(receivedBytes)", "\(dropped.values.reduce(0, +))",
        ]
    }
}

/// Slots in words.
enum SlotText {
    static let none = "No server on this host has network slots."

    /// "free 4000  claimed 12": the states that there are.
    static func states(_ slots: [SlotInspection.View]) -> String {
        let counts = Dictionary(grouping: slots, by: \.state).mapValues(\.count)
        return SlotState.Kind.allCases.compactMap { kind in counts[kind].map { "\(kind) \($0)" } }
            .joined(separator: "  ")
    }

    /// Which server they are of: "/var/lib/thaw: http://127.0.0.1:9000, process 4711, isolation process".
    static func name(_ server: ServerView) -> String {
        guard let record = server.record else { return "\(server.slots.instance): its server does not listen yet" }
        guard record.isRunning else { return "\(record.stateDirectory): its server does not run" }
        return "\(record.stateDirectory): \(record.url), process \(record.process), isolation \(record.isolation)"
    }

    static func describe(_ view: ServerView) throws -> String {
        let server = view.slots
        let slots = try server.slots()
        let traffic = slots.reduce(into: SlotCounters()) { $0 += $1.counters }
        var lines = [
            name(view),
            "  instance \(server.instance), \(server.count) slots, layout \(server.layout.rawValue) by "
                + "\(server.attachment.rawValue), addresses \(server.range)",
            "  \(states(slots))",
            "  \(describe(traffic))",
        ]
        if let report = server.report() {
            for (name, histogram) in [("claim", report.claims), ("build", report.builds), ("reset", report.resets)] {
                guard histogram.count > 0 else { continue }
                let (half, most) = (histogram.quantile(0.5), histogram.quantile(0.99))
                lines.append(
                    "  \(name): \(histogram.count), half within \(duration(half)), 99 % within \(duration(most))")
            }
        }
        return lines.joined(separator: "\n")
    }

    static func describe(_ slot: SlotInspection.View, of server: ServerView) -> String {
        let since = Date(timeIntervalSince1970: Double(slot.since) / 1e9).formatted(.iso8601)
        let function = slot.state == .claimed ? server.functions[slot.index].map { ", \($0)" } ?? "" : ""
        var lines = [name(server), "  slot \(slot.index): \(slot.state) since \(since)\(function)"]
        if let mode = slot.mode {
            let network = slot.network.map { " \($0)" } ?? ""
            let address = slot.address.map { ", seen outside as \($0)" } ?? ""
            lines.append("  for a \(slot.occupant) in mode \(mode.rawValue)\(network)\(address)")
        }
        lines.append("  \(describe(slot.counters))")
        return lines.joined(separator: "\n")
    }

    private static func describe(_ counters: SlotCounters) -> String {
        let dropped = counters.dropped.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { "\($0.key.rawValue) \($0.value)" }.joined(separator: ", ")
        return "sent \(counters.sentPackets) packets, \(counters.sentBytes) bytes; received "
            + "\(counters.receivedPackets) packets, \(counters.receivedBytes) bytes; dropped "
            + (dropped.isEmpty ? "none" : dropped)
    }

    private static func duration(_ nanoseconds: UInt64) -> String {
        nanoseconds < 1_000_000
            ? "\(Format.number(Double(nanoseconds) / 1e3)) us" : Format.milliseconds(Double(nanoseconds) / 1e6)
    }
}
