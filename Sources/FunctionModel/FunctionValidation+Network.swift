/// The checks of `VpcConfig`.
extension FunctionValidation {
    /// What Lambda decides, and this server: one network, no IPv6, and no tag that asks for another.
    static func checkNetwork(of members: FunctionMembers) throws(LambdaError) {
        if members.allowsIPv6 == true { throw .unservedIPv6 }
        guard let vpc = members.vpc else { return }
        if vpc.subnetIDs.isEmpty, !vpc.securityGroupIDs.isEmpty { throw .securityGroupsWithoutSubnets }
        let subnets = Set(vpc.subnetIDs)
        guard subnets.count < 2 else { throw .severalNetworks(subnets.sorted()) }
        guard let network = vpc.network, let value = members.tags?[FunctionTags.networkKey] else { return }
        if NetworkChoice(value) != .vpc(network) { throw .contradictoryNetworks(vpc: network, tag: value) }
    }
}

extension ConstraintViolations {
    /// AWS's own subnet IDs have letters and digits where the names of networks stand here, which have hyphens, too.
    mutating func checkVPC(_ vpc: VPCConfiguration) {
        let subnets = "[\(vpc.subnetIDs.joined(separator: ", "))]"
        if vpc.subnetIDs.count > Limits.subnets {
            add(subnets, at: "vpcConfig.subnetIds", .lengthAtMost(Limits.subnets))
        }
        if !vpc.subnetIDs.allSatisfy(Self.isSubnet) {
            add(subnets, at: "vpcConfig.subnetIds", .elements(Self.wording("subnet-[0-9a-z]*")))
        }
        let groups = "[\(vpc.securityGroupIDs.joined(separator: ", "))]"
        if vpc.securityGroupIDs.count > Limits.securityGroups {
            add(groups, at: "vpcConfig.securityGroupIds", .lengthAtMost(Limits.securityGroups))
        }
        if !vpc.securityGroupIDs.allSatisfy(Self.isSecurityGroup) {
            add(groups, at: "vpcConfig.securityGroupIds", .elements(Self.wording("sg-[0-9a-zA-Z]*")))
        }
    }

    private static func isSubnet(_ text: String) -> Bool {
        text.hasPrefix(VPCConfiguration.subnetPrefix)
            && NetworkChoice.isNetworkName(String(text.dropFirst(VPCConfiguration.subnetPrefix.count)))
    }

    private static func isSecurityGroup(_ text: String) -> Bool {
        text.hasPrefix("sg-") && text.utf8.count <= Limits.securityGroupID
            && text.utf8.dropFirst(3).allSatisfy { $0.isLetter || $0.isDigit }
    }

    /// Without the "Member must not be null" of other lists, as AWS has it.
    private static func wording(_ pattern: String) -> String {
        """
        Member must satisfy constraint: [Member must have length less than or equal to \(Limits.securityGroupID), \
        Member must have length greater than or equal to 0, \
        Member must satisfy regular expression pattern: \(pattern)]
        """
    }
}
