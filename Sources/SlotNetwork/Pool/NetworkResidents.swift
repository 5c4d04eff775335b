internal import LinuxKit
internal import NetworkModel

/// Which addresses of virtual networks are given to slots, and which networks' routes the kernel has.
struct NetworkResidents: Sendable {
    private struct Network: Sendable {
        var definition: VPCNetwork
        /// Given back; and how many of the range were looked at so far.
        var returned: [IPv4Address] = []
        var given: UInt32 = 0
        /// Those of an earlier definition, too.
        var inUse: Set<IPv4Address> = []

        mutating func take() -> IPv4Address? {
            if let address = returned.popLast() {
                inUse.insert(address)
                return address
            }
            while definition.addresses.contains(definition.addresses.lowerBound + given) {
                defer { given += 1 }
                let (isNew, address) = inUse.insert(definition.addresses.lowerBound + given)
                if isNew { return address }
            }
            return nil
        }

        mutating func giveBack(_ address: IPv4Address) {
            guard inUse.remove(address) != nil, definition.addresses.contains(address) else { return }
            returned.append(address)
        }
    }

    private var networks: [UInt32: Network] = [:]

    /// Makes an address of the network the slot's, and has the kernel know the network's endpoints.
    mutating func admit(_ slot: Int, to network: VPCNetwork, _ maps: SlotMaps) throws(SlotError) -> IPv4Address {
        try define(network, maps)
        guard let address = networks[network.identifier]?.take() else { throw .noAddress(network: network.name) }
        do {
            try maps.add(resident: address, of: network.identifier, slot: slot)
        } catch {
            networks[network.identifier]?.giveBack(address)
            throw .host(error)
        }
        return address
    }

    /// Takes the address back.
    mutating func dismiss(_ address: IPv4Address, from identifier: UInt32, _ maps: SlotMaps) throws(NetworkError) {
        try maps.remove(resident: address, of: identifier)
        networks[identifier]?.giveBack(address)
    }

    private mutating func define(_ network: VPCNetwork, _ maps: SlotMaps) throws(SlotError) {
        let known = networks[network.identifier]
        guard known?.definition != network else { return }
        do {
            let old = Set(known?.definition.endpoints ?? [])
            for endpoint in old.subtracting(network.endpoints) {
                try maps.remove(endpoint, from: network.identifier)
            }
            for endpoint in network.endpoints { try maps.add(endpoint, to: network.identifier) }
        } catch {
            throw .host(error)
        }
        var next = Network(definition: network)
        next.inUse = known?.inUse ?? []
        networks[network.identifier] = next
    }
}
