internal import Basics
internal import FunctionModel
package import NetworkModel

/// The virtual networks of this host, as the worker needs them: asked for each invocation of a function that is in one.
package protocol NetworkCatalog: Sendable {
    /// The network of this name as it is now; nil when there is none. Returns within microseconds.
    func network(named name: String) throws(NetworkStoreError) -> VPCNetwork?
    func list() throws(NetworkStoreError) -> [VPCNetwork]
}

extension NetworkStore: NetworkCatalog {}

extension NetworkCatalog {
    /// Where sandboxes of a function with this choice may send to now.
    func mode(_ choice: NetworkChoice) throws(LambdaError) -> NetworkMode {
        switch choice {
        case .isolated: return .isolated
        case .egress: return .egress
        case .vpc(let name):
            let network = try rethrowing(
                try network(named: name),
                as: { (error: NetworkStoreError) in LambdaError.networkUnusable(name, "\(error)") })
            guard let network else { throw .networkUnusable(name, "there is none of this name") }
            return .vpc(network)
        }
    }

    /// Refuses a choice that could not be honoured now.
    /// - Parameter vpc: the `VpcConfig` that made the choice, if one did.
    func check(_ choice: NetworkChoice, of vpc: VPCConfiguration? = nil) throws(LambdaError) {
        guard case .vpc(let name) = choice else { return }
        let known = try rethrowing(
            try network(named: name),
            as: { (error: NetworkStoreError) in LambdaError.invalid(network: name, "\(error)") })
        guard known == nil else { return }
        let missing = LambdaError.unknownNetwork(name, existing: (try? list())?.map(\.name) ?? [])
        guard let subnet = vpc?.subnetIDs.first else { throw missing }
        throw .unknownSubnet(subnet, because: missing)
    }
}
