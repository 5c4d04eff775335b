internal import CLibbpf
package import CSlotPrograms
import Glibc
package import LinuxKit
package import NetworkModel
internal import SystemPackage

/// The maps that the slots' programs read, one bpf(2) call an operation: 1 to 2 us.
package struct SlotMaps: Sendable {
    let descriptors: [KernelPrograms.Map: SharedDescriptor]
    private let slots: SharedDescriptor
    private let residents: SharedDescriptor

    init(_ descriptors: [KernelPrograms.Map: SharedDescriptor]) throws(NetworkError) {
        guard let slots = descriptors[.slots], let residents = descriptors[.residents],
            descriptors.count == KernelPrograms.Map.allCases.count
        else { throw NetworkError("use the slots' maps", .invalidArgument) }
        self.descriptors = descriptors
        self.slots = slots
        self.residents = residents
    }

    // MARK: - Slots

    package func set(_ entry: slot_entry, of slot: Int) throws(NetworkError) {
        try update(slots, "set slot \(slot)", UInt32(slot), entry)
    }

    package func entry(of slot: Int) throws(NetworkError) -> slot_entry {
        guard let entry: slot_entry = try lookUp(slots, "read slot \(slot)", UInt32(slot), slot_entry()) else {
            throw NetworkError("read slot \(slot)", .noSuchFileOrDirectory)
        }
        return entry
    }

    /// What the slot's guest sent and received, all CPUs together.
    package func counters(of slot: Int) throws(NetworkError) -> SlotCounters {
        let stride = MemoryLayout<slot_counters>.stride
        var values = [UInt8](repeating: 0, count: stride * Self.processors)
        var key = UInt32(slot)
        let outcome = raw(.counters) { bpf_map_lookup_elem($0, &key, &values) }
        try check(outcome, "read the counters of slot \(slot)")
        return values.withUnsafeBytes { bytes in
            (0..<Self.processors).reduce(into: SlotCounters()) { sum, processor in
                sum += SlotCounters(bytes.loadUnaligned(fromByteOffset: processor * stride, as: slot_counters.self))
            }
        }
    }

    /// Begins the slot's counters and its allowance anew.
    package func clearCounters(of slot: Int) throws(NetworkError) {
        let values = [UInt8](repeating: 0, count: MemoryLayout<slot_counters>.stride * Self.processors)
        var key = UInt32(slot)
        try check(
            raw(.counters) { bpf_map_update_elem($0, &key, values, 0) }, "clear the counters of slot \(slot)")
        var bucket = slot_bucket()
        try check(raw(.buckets) { bpf_map_update_elem($0, &key, &bucket, 0) }, "fill the bucket of slot \(slot)")
    }

    /// Forgets what the slot's guest began: nothing from outside reaches the next one as a part of it. Takes 5 us.
    package func clearFlows(of slot: Int) throws(NetworkError) {
        var key = UInt32(slot)
        try check(raw(.flows) { bpf_map_update_elem($0, &key, Self.noFlows, 0) }, "forget the flows of slot \(slot)")
    }

    // MARK: - Virtual networks

    /// Makes an address in a network a slot's.
    package func add(resident address: IPv4Address, of network: UInt32, slot: Int) throws(NetworkError) {
        try update(residents, "enter \(address) for slot \(slot)", Self.key(address, network), UInt32(slot))
    }

    /// Whose an address in a network is.
    func resident(_ address: IPv4Address, of network: UInt32) throws(NetworkError) -> Int? {
        let found: UInt32? = try lookUp(residents, "look \(address) up", Self.key(address, network), 0)
        return found.map(Int.init)
    }

    func remove(resident address: IPv4Address, of network: UInt32) throws(NetworkError) {
        try delete(residents, "remove \(address)", Self.key(address, network))
    }

    package func add(_ endpoint: VPCNetwork.Endpoint, to network: UInt32) throws(NetworkError) {
        var route = slot_route()
        route.endpoint = endpoint.address.rawValue.bigEndian
        withUnsafeMutableBytes(of: &route.hardware_address) { $0.copyBytes(from: endpoint.hardwareAddress.bytes) }
        try update(map(.routes), "add a route of network \(network)", Self.key(endpoint.destination, network), route)
    }

    func remove(_ endpoint: VPCNetwork.Endpoint, from network: UInt32) throws(NetworkError) {
        try delete(map(.routes), "remove a route of network \(network)", Self.key(endpoint.destination, network))
    }

    /// Keeps the slots of these modes from a destination.
    func deny(_ destination: IPv4Prefix, to modes: [slot_mode]) throws(NetworkError) {
        let key = slot_destination(length: UInt32(destination.length), address: destination.address.rawValue.bigEndian)
        let mask = modes.reduce(UInt8(0)) { $0 | 1 << UInt8($1.rawValue) }
        try update(map(.denied), "deny \(destination)", key, mask)
    }

    /// Says where a trunk ends on the host.
    package func set(hostEnd: NetlinkRequest.Link, of trunk: Int) throws(NetworkError) {
        try update(map(.trunks), "enter trunk \(trunk)", UInt32(trunk), UInt32(bitPattern: hostEnd.index))
    }

    // MARK: - Private

    private static let noFlows = [UInt8](
        repeating: 0, count: Int(slot_flow_buckets) * Int(slot_flow_ways) * MemoryLayout<slot_flow>.stride)
    private static let processors = max(1, Int(libbpf_num_possible_cpus()))

    private static func key(_ address: IPv4Address, _ network: UInt32) -> slot_resident {
        slot_resident(vni: network, address: address.rawValue.bigEndian)
    }

    private static func key(_ destination: IPv4Prefix, _ network: UInt32) -> slot_route_key {
        slot_route_key(
            length: 32 + UInt32(destination.length), vni: network.bigEndian,
            destination: destination.address.rawValue.bigEndian)
    }

    private func map(_ map: KernelPrograms.Map) -> SharedDescriptor { descriptors[map] ?? slots }
    private func raw<R>(_ map: KernelPrograms.Map, _ body: (CInt) -> R) -> R { self.map(map).withRaw(body) }

    private func update<Key: BitwiseCopyable, Value: BitwiseCopyable>(
        _ map: SharedDescriptor, _ action: @autoclosure () -> String, _ key: Key, _ value: Value
    ) throws(NetworkError) {
        var (key, value) = (key, value)
        try check(map.withRaw { bpf_map_update_elem($0, &key, &value, 0) }, action())
    }

    private func lookUp<Key: BitwiseCopyable, Value: BitwiseCopyable>(
        _ map: SharedDescriptor, _ action: @autoclosure () -> String, _ key: Key, _ blank: Value
    ) throws(NetworkError) -> Value? {
        var (key, value) = (key, blank)
        let outcome = map.withRaw { bpf_map_lookup_elem($0, &key, &value) }
        if outcome == -ENOENT { return nil }
        try check(outcome, action())
        return value
    }

    /// One that is not there is fine.
    private func delete<Key: BitwiseCopyable>(
        _ map: SharedDescriptor, _ action: @autoclosure () -> String, _ key: Key
    ) throws(NetworkError) {
        var key = key
        let outcome = map.withRaw { bpf_map_delete_elem($0, &key) }
        if outcome != -ENOENT { try check(outcome, action()) }
    }

    private func check(_ outcome: CInt, _ action: @autoclosure () -> String) throws(NetworkError) {
        guard outcome >= 0 else { throw NetworkError(action(), Errno(rawValue: -outcome)) }
    }
}
