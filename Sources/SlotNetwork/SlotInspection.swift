internal import Basics
internal import CSlotPrograms
internal import LinuxKit
package import SystemPackage

/// A server's slots as any process of root's may see them, whether the server runs or not: what the kernel's maps say.
package struct SlotInspection: Sendable {
    /// One slot.
    package struct View: Sendable {
        package var index: Int
        package var state: SlotState.Kind
        /// Nil unless it is bound.
        package var mode: Mode?
        package var occupant: SlotOccupant
        /// Outside of the slot; nil in mode `isolated`.
        package var address: String?
        /// Of the virtual network.
        package var network: UInt32?
        /// Nanoseconds since 1970.
        package var since: UInt64
        package var counters: SlotCounters
    }

    package enum Mode: String, Sendable, Codable { case isolated, egress, vpc }

    package let instance: String
    package let layout: SlotLayout
    package let attachment: ProgramAttachment
    package let range: String
    package let count: Int
    private let maps: SlotMaps
    private let directory: FilePath

    /// Those of every server on this host that has or left any.
    package static func all(in directories: FilePath = SlotConfiguration.directories) throws(SlotError)
        -> [SlotInspection]
    {
        let instances = (try? Directory.entries(directories)) ?? []
        var found: [SlotInspection] = []
        for instance in instances.sorted() {
            if let one = try open(instance, in: directories) { found.append(one) }
        }
        return found
    }

    private static func open(_ instance: String, in directories: FilePath) throws(SlotError) -> SlotInspection? {
        let directory = directories.appending(instance).appending("slots")
        do {
            guard let keep = try NamespaceKeep.find(in: directory) else { return nil }
            return try keep.run { () throws(NetworkError) -> SlotInspection? in
                guard let record = KeepRecord.read() else { return nil }
                return SlotInspection(
                    instance: instance, layout: record.layout, attachment: record.attachment, range: record.range,
                    count: record.count,
                    maps: try KernelPrograms.pinnedMaps(in: NamespaceKeep.programs), directory: directory)
            }
        } catch {
            throw .host(error)
        }
    }

    /// The slot of this number; nil when there is none.
    package func slot(_ index: Int) throws(SlotError) -> View? {
        guard (0..<count).contains(index) else { return nil }
        return try rethrowing(
            View(index, try maps.entry(of: index), try maps.counters(of: index)), as: SlotError.host)
    }

    package func slots() throws(SlotError) -> [View] {
        var views: [View] = []
        for index in 0..<count { if let view = try slot(index) { views.append(view) } }
        return views
    }

    /// What the pool measures about itself; nil when it has not said anything yet.
    package func report() -> SlotReport? { SlotReport.read(from: directory) }
}

extension SlotInspection.View {
    fileprivate init(_ index: Int, _ entry: slot_entry, _ counters: SlotCounters) {
        self.index = index
        state = SlotState.Kind(rawValue: entry.state) ?? .quarantined
        switch UInt32(entry.mode) {
        case slot_mode_isolated.rawValue: mode = .isolated
        case slot_mode_egress.rawValue: mode = .egress
        case slot_mode_vpc.rawValue: mode = .vpc
        default: mode = nil
        }
        occupant = entry.occupant == 0 ? .process : .microvm
        address = entry.address == 0 ? nil : IPv4Address(rawValue: UInt32(bigEndian: entry.address)).description
        network = mode == .vpc ? entry.vni : nil
        since = entry.since
        self.counters = counters
    }
}
