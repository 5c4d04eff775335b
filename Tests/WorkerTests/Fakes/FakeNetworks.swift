import LinuxKit
import NetworkModel
import Synchronization
import SystemPackage
import Worker

/// Virtual networks in memory, which tests add, change and take away.
final class FakeNetworks: NetworkCatalog {
    private struct State {
        var networks: [String: VPCNetwork] = [:]
        var lookups = 0
    }

    private let state = Mutex(State())

    /// How often a network has been asked for.
    var lookups: Int { state.withLock { $0.lookups } }

    func network(named name: String) throws(NetworkStoreError) -> VPCNetwork? {
        state.withLock { state in
            state.lookups += 1
            return state.networks[name]
        }
    }

    func list() throws(NetworkStoreError) -> [VPCNetwork] {
        state.withLock { $0.networks.values.sorted { $0.name < $1.name } }
    }

    @discardableResult
    func add(_ name: String, identifier: UInt32 = 7001) -> NetworkMode {
        let network = VPCNetwork(
            name: name, identifier: identifier, subnet: IPv4Prefix(IPv4Address(10, 1, 0, 0), length: 16),
            addresses: IPv4Address(10, 1, 128, 0)...IPv4Address(10, 1, 255, 254),
            endpoints: [
                .init(
                    address: IPv4Address(192, 0, 2, 7), destination: IPv4Prefix(IPv4Address(0, 0, 0, 0), length: 0),
                    hardwareAddress: MACAddress(2, 0x54, 0x48, 0x41, 0x57, 0xFE))
            ])
        state.withLock { $0.networks[name] = network }
        return .vpc(network)
    }

    func remove(_ name: String) { state.withLock { $0.networks[name] = nil } }
}
