import FunctionModel

/// `Environment`, in requests and responses.
struct EnvironmentShape: Codable {
    var variables: [String: String]?
    /// The names as the request had them, where they are repeated to the client: in the refusal of too many of them.
    var order: [String]?

    private enum CodingKeys: String, CodingKey {
        case variables = "Variables"
    }

    init(variables: [String: String]) { self.variables = variables }

    init(from decoder: any Decoder) throws {
        variables = try decoder.container(keyedBy: CodingKeys.self)
            .decodeIfPresent([String: String].self, forKey: .variables)
        let size = (variables ?? [:]).reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        if size > Limits.environment / 2, let body = decoder.userInfo[.body] as? [UInt8] {
            order = JSONKeys.names(at: ["Environment", "Variables"], in: body)
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(variables, forKey: .variables)
    }
}

/// `TracingConfig`, in requests and responses.
struct TracingConfigShape: Codable {
    var mode: String?

    private enum CodingKeys: String, CodingKey {
        case mode = "Mode"
    }
}

/// `EphemeralStorage`, in requests and responses.
struct EphemeralStorageShape: Codable {
    /// Megabytes.
    var size: Int?

    private enum CodingKeys: String, CodingKey {
        case size = "Size"
    }
}

/// `VpcConfig` in requests.
struct VPCConfigMember: Decodable {
    var subnetIDs: [String]?
    var securityGroupIDs: [String]?
    var ipv6AllowedForDualStack: Bool?

    private enum CodingKeys: String, CodingKey {
        case subnetIDs = "SubnetIds"
        case securityGroupIDs = "SecurityGroupIds"
        case ipv6AllowedForDualStack = "Ipv6AllowedForDualStack"
    }

    /// Nil when neither list was given, which asks for no change; empty lists ask for no network.
    var value: VPCConfiguration? {
        if subnetIDs == nil, securityGroupIDs == nil { return nil }
        return VPCConfiguration(subnetIDs: subnetIDs ?? [], securityGroupIDs: securityGroupIDs ?? [])
    }
}

/// `VpcConfig` in responses.
struct VPCConfigShape: Encodable {
    var subnetIDs: [String]
    var securityGroupIDs: [String]
    /// Empty for a function that was taken out of its network.
    var vpcID: String
    let ipv6AllowedForDualStack = false

    init(_ configuration: VPCConfiguration) {
        subnetIDs = configuration.subnetIDs
        securityGroupIDs = configuration.securityGroupIDs
        vpcID = configuration.network.map { "vpc-\($0)" } ?? ""
    }

    private enum CodingKeys: String, CodingKey {
        case subnetIDs = "SubnetIds"
        case securityGroupIDs = "SecurityGroupIds"
        case vpcID = "VpcId"
        case ipv6AllowedForDualStack = "Ipv6AllowedForDualStack"
    }
}
