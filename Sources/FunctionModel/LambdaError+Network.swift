/// Networks that cannot be had.
extension LambdaError {
    package static func invalidNetwork(_ value: String) -> Self {
        Self(
            code: .invalidParameterValue,
            message: """
                The value '\(value)' of the tag \(FunctionTags.networkKey) is not one of: isolated, egress, vpc:NAME, where \
                NAME is 1 to \(Limits.networkName) lower-case letters, digits and hyphens.
                """)
    }

    /// - Parameter existing: the networks that there are.
    package static func unknownNetwork(_ name: String, existing: [String]) -> Self {
        let choice = existing.isEmpty ? "none" : existing.sorted().joined(separator: ", ")
        return Self(
            code: .invalidParameterValue,
            message: """
                There is no virtual network \(name) on this server. Networks available: \(choice). \
                `thaw network create` makes one.
                """)
    }

    /// AWS's wording; the log says which networks there are.
    package static func unknownSubnet(_ id: String, because missing: LambdaError) -> Self {
        Self(
            code: .invalidParameterValue,
            message: """
                Error occurred while DescribeSubnets. EC2 Error Code: InvalidSubnetID.NotFound. EC2 Error Message: The subnet ID \
                '\(id)' does not exist
                """,
            cause: missing.message)
    }

    /// The network is there, but its definition cannot be read.
    package static func invalid(network name: String, _ reason: String) -> Self {
        Self(.invalidParameterValue, of: "The virtual network \(name) cannot be used: \(reason)")
    }

    /// The network that a function was put into is gone, or its definition damaged: an invocation cannot be served.
    package static func networkUnusable(_ name: String, _ reason: String) -> Self {
        Self(
            .invalidSubnetID,
            of: """
                Lambda was not able to set up the function's access to the virtual network \(name): \(reason). Create it \
                again, or change the function's VpcConfig or its tag \(FunctionTags.networkKey).
                """)
    }

    static func severalNetworks(_ subnets: [String]) -> Self {
        Self(
            code: .invalidParameterValue,
            message: """
                A function has one virtual network on this server, and SubnetIds names several: \
                \(subnets.joined(separator: ", ")).
                """)
    }

    /// AWS's wording. Here a network may be had without security groups, but not the reverse.
    static let securityGroupsWithoutSubnets = Self(
        code: .invalidParameterValue, message: "SubnetIds and SecurityIds must coexist or be both empty list.")

    static let unservedIPv6 = Self(
        code: .invalidParameterValue,
        message: "Ipv6AllowedForDualStack is not supported by this server: its virtual networks are IPv4 networks.")

    static func contradictoryNetworks(vpc name: String, tag value: String) -> Self {
        Self(
            code: .invalidParameterValue,
            message: """
                VpcConfig asks for the virtual network \(name), and the tag \(FunctionTags.networkKey) for '\(value)'. Leave \
                one of them out.
                """)
    }
}
