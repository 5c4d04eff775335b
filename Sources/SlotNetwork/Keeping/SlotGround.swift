internal import CSlotPrograms
package import LinuxKit
internal import Logging
internal import SystemPackage

/// What all slots of a server stand on: the keep, the hub with its uplink and tunnel, the programs. Made anew, or taken over from a
/// server that died.
package struct SlotGround: Sendable {
    let keep: NamespaceKeep
    package let hub: Hub
    let uplink: HostUplink
    package let programs: KernelPrograms
    package let record: KeepRecord
    let range: IPv4Prefix
    let borrowed: BorrowedInterfaces
    /// Why there are no virtual networks, if that was just found out.
    package var tunnelFailure: NetworkError?

    package var settings: SlotPlan.LayoutSettings {
        SlotPlan.LayoutSettings(layout: record.layout, tunnelPort: record.tunnelPort, trunkSize: record.trunkSize)
    }

    var building: SlotBuilding {
        SlotBuilding(keep: keep, hub: hub, uplink: uplink, programs: programs, settings: settings)
    }

    // MARK: - Taking over

    /// What a dead server left, if it is what this one would build; nil if there is nothing of use. Blocks.
    static func adopt(
        _ configuration: SlotConfiguration, host: SharedDescriptor, logger: Logger
    ) throws(NetworkError) -> SlotGround? {
        guard let keep = try NamespaceKeep.find(in: configuration.directory) else { return nil }
        let uplink = HostUplink(host: host, instance: configuration.instance)
        let ground = try keep.run { () throws(NetworkError) -> SlotGround? in
            guard var record = KeepRecord.read(), record.fits(configuration), let range = IPv4Prefix(record.range),
                let namespace = try keep.open(Hub.name)
            else { return nil }
            let hub = Hub(namespace: namespace, host: host)
            let programs = try KernelPrograms.pinned(in: NamespaceKeep.programs, attachment: configuration.attachment)
            guard programs.attachment == record.attachment else { return nil }
            // The other ends are on the host, where anybody may have removed them.
            let slots = record.layout == .bridged ? try NamespaceKeep.slots() : []
            let needed = Set(slots.map { uplink.trunkName($0 / record.trunkSize) }).union([uplink.name])
            guard try uplink.links().isSuperset(of: needed) else { return nil }
            var failure: NetworkError?
            if !record.hasTunnel {
                try NetworkNamespace.enter(namespace)
                // Its port may be free by now.
                failure = TunnelMaking(hub: hub, port: record.tunnelPort).make(for: programs)
                record.hasTunnel = failure == nil
                try record.write()
            }
            return SlotGround(
                keep: keep, hub: hub, uplink: uplink, programs: programs, record: record, range: range,
                borrowed: try borrow(record, programs, uplink), tunnelFailure: failure)
        }
        if let ground { try uplink.open(for: ground.range, configuration, logger) }
        return ground
    }

    /// The indices of the slots that were found, ascending.
    func findSlots() throws(NetworkError) -> [Int] {
        var found: [Int] = []
        for index in 0..<record.count where try keep.open("\(index)") != nil { found.append(index) }
        return found
    }

    /// Each slot's is kept by its index: nobody needs to hold thousands of descriptors.
    func openNamespace(of slot: Int) throws(NetworkError) -> SharedDescriptor {
        guard let namespace = try keep.open("\(slot)") else {
            throw NetworkError("open the namespace of network slot \(slot)", .noSuchFileOrDirectory)
        }
        return namespace
    }

    // MARK: - Making

    /// Makes everything anew. On failure nothing is left. Blocks, for 50 ms.
    static func make(
        _ configuration: SlotConfiguration, host: SharedDescriptor, logger: Logger
    ) throws(NetworkError) -> SlotGround {
        // What a server left that came no further than this.
        try clearHost(HostUplink(host: host, instance: configuration.instance), configuration.directory)
        let keep = try NamespaceKeep.make(in: configuration.directory)
        do {
            return try make(configuration, in: keep, host: host, logger: logger)
        } catch {
            try? remove(keep, HostUplink(host: host, instance: configuration.instance), from: configuration.directory)
            throw error
        }
    }

    /// The same in a keep that is there. Leaves to the caller what has been made when it fails.
    static func make(
        _ configuration: SlotConfiguration, in keep: NamespaceKeep, host: SharedDescriptor, logger: Logger
    ) throws(NetworkError) -> SlotGround {
        let uplink = HostUplink(host: host, instance: configuration.instance)
        let range = try uplink.freeRange(in: configuration.ranges, count: configuration.count)
        let ground = try keep.run { () throws(NetworkError) in
            let hub = try Hub.make(host: host)
            try NetworkNamespace.run(in: host) { () throws(NetworkError) in
                try NamespaceKeep.keepCurrent(as: HostUplink.hostName)
            }
            try hub.makeUplink(named: uplink.name)
            try uplink.lead(range)
            return try complete(configuration, keep: keep, hub: hub, uplink: uplink, range: range)
        }
        // Not in the keep, where there are no programs.
        try uplink.open(for: range, configuration, logger)
        return ground
    }

    /// The steps once there are a hub and a range, on a thread inside both keep and hub.
    private static func complete(
        _ configuration: SlotConfiguration, keep: NamespaceKeep, hub: Hub, uplink: HostUplink, range: IPv4Prefix
    ) throws(NetworkError) -> SlotGround {
        let source = configuration.layout == .bridged ? try uplink.address() : nil
        let programs = try KernelPrograms.load(
            slot_settings(configuration, range: range, tunnelSource: source), attachment: configuration.attachment)
        try programs.pin(in: NamespaceKeep.programs)
        try hub.attach(programs)
        var record = KeepRecord(configuration, range: range, programs.attachment)
        record.tunnelSource = source?.description
        let failure =
            configuration.layout == .direct
            ? TunnelMaking(hub: hub, port: configuration.tunnelPort).make(for: programs) : nil
        record.hasTunnel = failure == nil
        try DeniedDestinations.enter(programs.maps, slots: configuration.ranges)
        try uplink.attach(programs)
        let borrowed = try borrow(record, programs, uplink)
        // Last: what has a record is complete.
        try record.write()
        return SlotGround(
            keep: keep, hub: hub, uplink: uplink, programs: programs, record: record, range: range, borrowed: borrowed,
            tunnelFailure: failure)
    }

    private static func borrow(
        _ record: KeepRecord, _ programs: KernelPrograms, _ uplink: HostUplink
    ) throws(NetworkError) -> BorrowedInterfaces {
        record.layout == .bridged ? try BorrowedInterfaces.borrow(of: uplink, for: programs) : .none
    }

    // MARK: - End

    /// Takes everything away, the slots too, which nobody may hold any more. Blocks.
    func remove(from directory: FilePath) throws(NetworkError) { try Self.remove(keep, uplink, from: directory) }

    /// The same for what a server that does not run has left.
    /// - Parameter progress: how many slots are gone, of how many.
    static func remove(
        _ keep: NamespaceKeep?, _ uplink: HostUplink, from directory: FilePath,
        progress: (Int, Int) -> Void = { _, _ in }
    ) throws(NetworkError) {
        let cleared = Result { () throws(NetworkError) in try clearHost(uplink, directory) }
        if let keep {
            keep.releasePort()
            // What it does not come to stays to be found.
            try SlotRemoval(keep: keep, directory: directory).run(progress: progress)
        }
        try NamespaceKeep.remove(in: directory)
        try cleared.get()
    }

    private static func clearHost(_ uplink: HostUplink, _ directory: FilePath) throws(NetworkError) {
        Forwarding(uplink, directory).end()
        try uplink.remove()
    }
}

extension HostUplink {
    /// Has the host pass on what slots send in mode `egress`; what is there already stays.
    fileprivate func open(
        for range: IPv4Prefix, _ configuration: SlotConfiguration, _ logger: Logger
    ) throws(NetworkError) {
        guard configuration.egress != .none else { return }
        let forwarding = Forwarding(self, configuration.directory)
        let guarded = try forwarding.prepare()
        let masqueraded = configuration.egress == .masquerade ? range : nil
        do {
            if masqueraded != nil || !guarded.isEmpty { try filter(masquerading: masqueraded, guarding: guarded) }
            try forwarding.turnOn(guarded)
        } catch  where !(guarded.isEmpty && masqueraded == nil) {
            // Where the rules cannot be had everything else works.
            logger.warning(
                guarded.isEmpty
                    ? "what functions send with egress leaves the host with their slots' addresses"
                    : "functions with egress get no answers: the host would pass on others' packets too",
                metadata: ["range": "\(range)", "error": "\(error)"])
            try forwarding.turnOn([])
        }
    }
}

extension slot_settings {
    fileprivate init(_ configuration: SlotConfiguration, range: IPv4Prefix, tunnelSource: IPv4Address?) {
        self.init()
        count = UInt32(configuration.count)
        first_address = range.address.rawValue.bigEndian
        if let rate = configuration.bytesPerSecond {
            bytes_per_second = rate
            // A tenth of a second's worth, and never less than one large packet.
            burst_bytes = max(rate / 10, 131_072)
        }
        dummy_network = SlotPlan.dummyNetwork
        dummy_endpoint = SlotPlan.dummyEndpoint.rawValue.bigEndian
        trunk_address = Trunk.address.rawValue.bigEndian
        trunk_size = UInt32(configuration.trunkSize)
        tunnel_source = tunnelSource?.rawValue.bigEndian ?? 0
        tunnel_port = configuration.tunnelPort
        bridged = configuration.layout == .bridged ? 1 : 0
    }
}
