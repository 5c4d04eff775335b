/// Where what a function's code sends may go, as the tag `thaw:network` or a `VpcConfig` says.
package enum NetworkChoice: Sendable, Hashable, LosslessStringConvertible {
    /// Nowhere; what a function has that does not say.
    case isolated
    /// Wherever the host may.
    case egress
    /// Into the virtual network of this name, and nowhere else.
    case vpc(String)

    /// `isolated`, `egress`, or `vpc:NAME` with a name that a network can have. Whether there is such a network is not asked.
    package init?(_ description: String) {
        switch description {
        case "isolated": self = .isolated
        case "egress": self = .egress
        default:
            guard description.hasPrefix(Self.prefix) else { return nil }
            let name = String(description.dropFirst(Self.prefix.count))
            guard Self.isNetworkName(name) else { return nil }
            self = .vpc(name)
        }
    }

    package var description: String {
        switch self {
        case .isolated: "isolated"
        case .egress: "egress"
        case .vpc(let name): Self.prefix + name
        }
    }

    private static let prefix = "vpc:"

    /// `[a-z0-9-]{1,40}`
    static func isNetworkName(_ text: String) -> Bool {
        (1...Limits.networkName).contains(text.utf8.count)
            && text.utf8.allSatisfy { $0.isLowercase || $0.isDigit || $0 == UInt8(ascii: "-") }
    }
}

/// `VpcConfig` of a version. Part of its configuration: a published version keeps it.
package struct VPCConfiguration: Codable, Sendable, Hashable {
    /// `subnet-NAME`, all the same once checked. Empty when the function was taken out of its network.
    package var subnetIDs: [String]
    /// Kept and shown, and otherwise without effect: what a sandbox may send to is up to its slot.
    package var securityGroupIDs: [String]

    package init(subnetIDs: [String] = [], securityGroupIDs: [String] = []) {
        self.subnetIDs = subnetIDs
        self.securityGroupIDs = securityGroupIDs
    }

    static let subnetPrefix = "subnet-"

    package var isEmpty: Bool { subnetIDs.isEmpty && securityGroupIDs.isEmpty }

    /// The name of the virtual network that it asks for; nil when it asks for none.
    package var network: String? {
        // A subnet ID that is none names a network that does not exist, rather than no network.
        subnetIDs.first.map { $0.hasPrefix(Self.subnetPrefix) ? String($0.dropFirst(Self.subnetPrefix.count)) : $0 }
    }
}

extension FunctionConfiguration {
    /// Puts the version into a network, or with an empty `vpc` out of the one it is in.
    package mutating func setVPC(_ vpc: VPCConfiguration) {
        // A function that never was in a network has nothing to show of one.
        if !vpc.isEmpty || self.vpc != nil { self.vpc = vpc }
    }

    /// The network of the version's sandboxes, when the function's tags ask for `tagged`: its own configuration comes first.
    package func network(tagged: NetworkChoice) -> NetworkChoice { vpc?.network.map(NetworkChoice.vpc) ?? tagged }
}
