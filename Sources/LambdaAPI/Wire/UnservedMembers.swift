import FunctionModel

/// Members of CreateFunction and UpdateFunctionConfiguration that this server cannot honour.
///
/// Taking them in silence would give a function that fails later for no visible reason. Clients that send every member
/// they know send these empty, which asks for nothing and is taken.
struct UnservedMembers: Decodable {
    /// The first that asks for something.
    let name: String?

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try CodingKeys.allCases.first { key in
            try container.decodeIfPresent(MemberProbe.self, forKey: key)?.asksForSomething == true
        }?.rawValue
    }

    func check() throws(LambdaError) {
        if let name { throw .unserved(member: name) }
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case acceleratorConfig = "AcceleratorConfig"
        case capacityProviderConfig = "CapacityProviderConfig"
        case codeSigningConfigARN = "CodeSigningConfigArn"
        case durableConfig = "DurableConfig"
        case fileSystemConfigs = "FileSystemConfigs"
        case keyARN = "KMSKeyArn"
        case publishTo = "PublishTo"
        case runtimeConfig = "RuntimeConfig"
        case tenancyConfig = "TenancyConfig"
    }
}

/// Whether a member of any shape holds more than emptiness: null, `""`, `false`, `[]`, and `{}` with nothing but those
/// inside, are empty.
private struct MemberProbe: Decodable {
    let asksForSomething: Bool

    init(from decoder: any Decoder) throws {
        if let object = try? decoder.singleValueContainer().decode([String: MemberProbe?].self) {
            asksForSomething = object.values.contains { $0?.asksForSomething == true }
        } else if let list = try? decoder.singleValueContainer().decode([MemberProbe?].self) {
            asksForSomething = !list.isEmpty
        } else if let text = try? decoder.singleValueContainer().decode(String.self) {
            asksForSomething = !text.isEmpty
        } else if let flag = try? decoder.singleValueContainer().decode(Bool.self) {
            asksForSomething = flag
        } else {
            asksForSomething = true
        }
    }
}
