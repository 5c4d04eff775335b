internal import CSlotPrograms
import Foundation
import Glibc
internal import LinuxKit
internal import Logging
internal import SystemPackage

/// What all slots of a server stand on: the keep, the hub with its uplink and tunnel, the programs. Made anew, or taken over from a
/// server that died.
struct SlotGround: Sendable {
    let keep: NamespaceKeep
    let hub: Hub
    let uplink: HostUplink
    let programs: KernelPrograms
    let record: KeepRecord
    let range: IPv4Prefix
    let lock: FileLock
    /// Programs at interfaces that are not ours: they go when these are closed.
    let borrowed: [SharedDescriptor]

    var settings: SlotPlan.LayoutSettings {
        SlotPlan.LayoutSettings(layout: record.layout, tunnelPort: record.tunnelPort, trunkSize: record.trunkSize)
    }

    var building: SlotBuilding {
        SlotBuilding(keep: keep, hub: hub, uplink: uplink, programs: programs, settings: settings)
    }

    // MARK: - Taking over

    /// What a dead server left, if it is what this one would build; nil if there is nothing of use. Blocks.
    private static func adopt(
        _ configuration: SlotConfiguration, host: SharedDescriptor, lock: FileLock
    ) throws(NetworkError) -> SlotGround? {
        guard let keep = try NamespaceKeep.find(in: configuration.directory) else { return nil }
        return try keep.run { () throws(NetworkError) -> SlotGround? in
            guard let record = KeepRecord.read(), record.fits(configuration), let range = IPv4Prefix(record.range),
                let namespace = try keep.open(Hub.name)
            else { return nil }
            let hub = Hub(namespace: namespace, host: host)
            let programs = try KernelPrograms.pinned(in: NamespaceKeep.programs)
            let uplink = HostUplink(host: host, instance: configuration.instance)
            // The other ends are on the host, where anybody may have removed them.
            let slots = record.layout == .bridged ? try NamespaceKeep.slots() : []
            let needed = Set(slots.map { uplink.trunkName($0 / record.trunkSize) }).union([uplink.name])
            guard try uplink.links().isSuperset(of: needed) else { return nil }
            return SlotGround(
                keep: keep, hub: hub, uplink: uplink, programs: programs, record: record, range: range, lock: lock,
                borrowed: try borrow(record, programs, host: host))
        }
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
    private static func make(
        _ configuration: SlotConfiguration, host: SharedDescriptor, lock: FileLock, logger: Logger
    ) throws(NetworkError) -> SlotGround {
        let uplink = HostUplink(host: host, instance: configuration.instance)
        try uplink.remove()
        let keep = try NamespaceKeep.make(in: configuration.directory)
        var enabledForwarding = false
        do throws(NetworkError) {
            if configuration.egress != .none { enabledForwarding = try uplink.enableForwarding() }
            let range = try uplink.freeRange(in: configuration.ranges, count: configuration.count)
            // Not in the keep, where there are no programs.
            if configuration.egress == .masquerade { masquerade(range, uplink, logger) }
            return try keep.run { () throws(NetworkError) in
                let hub = try Hub.make(host: host)
                try hub.makeUplink(named: uplink.name)
                try uplink.lead(range)
                try NetworkNamespace.run(in: host) { () throws(NetworkError) in
                    try NamespaceKeep.keepCurrent(as: HostUplink.hostName)
                }
                var record = KeepRecord(configuration, range: range)
                record.enabledForwarding = enabledForwarding
                let maker = Maker(
                    configuration: configuration, keep: keep, hub: hub, uplink: uplink, range: range, lock: lock)
                return try maker.complete(record, logger: logger)
            }
        } catch {
            try? uplink.remove()
            if enabledForwarding { uplink.disableForwarding() }
            try? keep.remove()
            throw error
        }
    }

    /// Where that cannot be had everything else works.
    private static func masquerade(_ range: IPv4Prefix, _ uplink: HostUplink, _ logger: Logger) {
        do throws(NetworkError) { try uplink.masquerade(range) } catch {
            logger.warning(
                "what functions send with egress leaves the host with their slots' addresses",
                metadata: ["range": "\(range)", "error": "\(error)"])
        }
    }

    /// The steps once there are a hub and a range; they run on a thread inside both keep and hub.
    private struct Maker {
        let configuration: SlotConfiguration
        let keep: NamespaceKeep
        let hub: Hub
        let uplink: HostUplink
        let range: IPv4Prefix
        let lock: FileLock

        func complete(_ record: KeepRecord, logger: Logger) throws(NetworkError) -> SlotGround {
            var record = record
            record.hasTunnel = makeTunnel(logger)
            if configuration.layout == .bridged { record.tunnelSource = try uplink.address()?.description }
            let programs = try KernelPrograms.load(settings(record))
            try programs.pin(in: NamespaceKeep.programs)
            try hub.attach(programs, hasTunnel: record.hasTunnel && configuration.layout == .direct)
            try DeniedDestinations.enter(programs.maps, slots: configuration.ranges)
            try uplink.attach(programs)
            try record.write()
            return SlotGround(
                keep: keep, hub: hub, uplink: uplink, programs: programs, record: record, range: range, lock: lock,
                borrowed: try borrow(record, programs, host: hub.host))
        }

        /// Where the tunnels' port is somebody else's there is everything but virtual networks.
        private func makeTunnel(_ logger: Logger) -> Bool {
            guard configuration.layout == .direct else { return true }
            do throws(NetworkError) {
                try hub.makeTunnel(port: configuration.tunnelPort)
                return true
            } catch {
                logger.warning(
                    "no function can use a virtual network: the tunnel's UDP port is in use, or the kernel has no VXLAN",
                    metadata: ["port": "\(configuration.tunnelPort)", "error": "\(error)"])
                return false
            }
        }

        private func settings(_ record: KeepRecord) -> slot_settings {
            var settings = slot_settings()
            settings.count = UInt32(configuration.count)
            settings.first_address = range.address.rawValue.bigEndian
            if let rate = configuration.bytesPerSecond {
                settings.bytes_per_second = rate
                // A tenth of a second's worth, and never less than one large packet.
                settings.burst_bytes = max(rate / 10, 131_072)
            }
            settings.dummy_network = SlotPlan.dummyNetwork
            settings.dummy_endpoint = SlotPlan.dummyEndpoint.rawValue.bigEndian
            settings.trunk_address = Trunk.address.rawValue.bigEndian
            settings.trunk_size = UInt32(configuration.trunkSize)
            settings.tunnel_source = record.tunnelSource.flatMap { IPv4Address($0) }?.rawValue.bigEndian ?? 0
            settings.tunnel_port = configuration.tunnelPort
            settings.bridged = configuration.layout == .bridged ? 1 : 0
            return settings
        }
    }

    /// In layout `bridged` frames of the tunnels are rewritten where the host receives them.
    private static func borrow(
        _ record: KeepRecord, _ programs: KernelPrograms, host: SharedDescriptor
    ) throws(NetworkError) -> [SharedDescriptor] {
        guard record.layout == .bridged else { return [] }
        return try NetworkNamespace.run(in: host) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            var links: [SharedDescriptor] = []
            for link in try netlink.query(.dumpLinks()).compactMap(\.linkSummary)
            where link.type == 1 && !link.name.hasPrefix(HostUplink.prefix) {
                links.append(try programs.link(.hostFromTunnel, to: link.link, .ingress).shared())
            }
            return links
        }
    }

    // MARK: - End

    /// Takes everything away, the slots too, which nobody may hold any more. Blocks.
    func remove(from directory: FilePath) throws(NetworkError) {
        try Self.remove(keep, uplink, enabledForwarding: record.enabledForwarding, from: directory)
    }

    /// The same for what a server that does not run has left.
    /// - Parameter progress: how many slots are gone, of how many.
    static func remove(
        _ keep: NamespaceKeep?, _ uplink: HostUplink, enabledForwarding: Bool, from directory: FilePath,
        progress: (Int, Int) -> Void = { _, _ in }
    ) throws(NetworkError) {
        try uplink.remove()
        if enabledForwarding { uplink.disableForwarding() }
        if let keep {
            keep.releasePort()
            try SlotRemoval(keep: keep, directory: directory).run(progress: progress)
        }
        try NamespaceKeep.remove(in: directory)
    }
}

extension NamespaceKeep {
    /// Frees the tunnel's port of the hub that is kept here.
    fileprivate func releasePort() {
        try? run { () throws(NetworkError) in
            guard let hub = try open(Hub.name) else { return }
            try NetworkNamespace.enter(hub)
            Hub(namespace: hub, host: hub).removeTunnel()
        }
    }
}

/// Destinations that no slot reaches, whatever its mode.
enum DeniedDestinations {
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
    static func enter(_ maps: SlotMaps, slots: IPv4Prefix) throws(NetworkError) {
        for destination in everywhere { try maps.deny(destination, to: [slot_mode_egress, slot_mode_vpc]) }
        try maps.deny(slots, to: [slot_mode_egress])
    }
}

extension SlotGround {
    /// What a server starts with.
    struct Opened {
        var ground: SlotGround
        /// Indices of the slots that are there already, ascending.
        var found: [Int] = []
        /// What a dead server left and this one cannot use. It has no name any more: it ends when nobody holds it.
        var leftover: NamespaceKeep?
    }

    /// The right to a server's slots; nil while another process has it.
    static func takeLock(in directory: FilePath) throws(NetworkError) -> FileLock? {
        let path = directory.appending("lock")
        do throws(Errno) { return try FileLock.take(path) } catch { throw NetworkError("lock \(path)", error) }
    }

    /// Removes the directory of slots that are gone, by the holder of the lock in it; also the instance's, `directories/INSTANCE`,
    /// when nothing else is in it.
    static func removeDirectory(_ directory: FilePath, in directories: FilePath = SlotConfiguration.directories) {
        try? Directory.removeTree(directory)
        let instance = directory.removingLastComponent()
        if instance.removingLastComponent() == directories { try? Directory.remove(instance) }
    }

    /// Takes over or makes anew. Blocks.
    static func open(
        _ configuration: SlotConfiguration, host: SharedDescriptor, logger: Logger
    ) throws(NetworkError) -> Opened {
        do throws(Errno) { try DurableFile.makeDirectory(configuration.directory) } catch {
            throw NetworkError("make \(configuration.directory)", error)
        }
        guard let lock = try takeLock(in: configuration.directory) else {
            throw NetworkError("use the slots in \(configuration.directory), which another server has", .resourceBusy)
        }
        KernelHaste(directory: configuration.directory).end()
        do throws(NetworkError) {
            if let ground = try adopt(configuration, host: host, lock: lock) {
                let found = try ground.findSlots()
                logger.notice("network slots are taken over", metadata: ["count": "\(found.count)"])
                return Opened(ground: ground, found: found)
            }
        } catch {
            logger.warning("network slots cannot be taken over", metadata: ["error": "\(error)"])
        }
        let old = try? NamespaceKeep.find(in: configuration.directory)
        old?.releasePort()
        try NamespaceKeep.remove(in: configuration.directory)
        return Opened(ground: try make(configuration, host: host, lock: lock, logger: logger), leftover: old)
    }
}
