/// A function's tags: which of them mean something to this server. For AWS's rules see ``FunctionValidation``.
package enum FunctionTags {
    /// Its value is one of ``IsolationChoice``.
    package static let isolationKey = "thaw:isolation"
    /// Its value is a ``NetworkChoice``.
    package static let networkKey = "thaw:network"
    /// What only AWS itself gives out, in any case of the letters.
    static let reservedPrefix = "aws:"

    /// The isolation that the tags ask for; ``IsolationChoice/auto`` when they do not say.
    package static func isolation(_ tags: [String: String]) -> IsolationChoice {
        tags[isolationKey].flatMap(IsolationChoice.init) ?? .auto
    }

    /// The network that the tags ask for; ``NetworkChoice/isolated`` when they do not say.
    package static func network(_ tags: [String: String]) -> NetworkChoice {
        tags[networkKey].flatMap(NetworkChoice.init) ?? .isolated
    }
}

/// How a function's sandboxes are to be kept apart.
package enum IsolationChoice: String, Sendable, CaseIterable {
    /// As the server does for functions that do not ask.
    case auto
    case microvm
    case process
}

/// What else AWS lets be tagged, as its messages call it.
enum TaggableResource: String {
    case layer = "Layer"
    case codeSigningConfiguration = "Code signing config"
    case eventSourceMapping = "Event source mapping"
    case capacityProvider = "Capacity provider"

    /// - Parameters:
    ///   - type: the part of an ARN that names the kind.
    ///   - id: the part after it; nil when it has not the form of one.
    init?(type: Substring, id: Substring) {
        let isName = !id.isEmpty && id.utf8.allSatisfy(\.isNameCharacter)
        switch type {
        case "layer" where isName: self = .layer
        case "capacity-provider" where isName: self = .capacityProvider
        case "code-signing-config" where CodeSigningConfiguration.isID(id): self = .codeSigningConfiguration
        case "event-source-mapping" where Self.isUUID(id): self = .eventSourceMapping
        default: return nil
        }
    }

    /// `[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}`
    private static func isUUID(_ text: Substring) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        return parts.map(\.utf8.count) == [8, 4, 4, 4, 12]
            && parts.allSatisfy { $0.utf8.allSatisfy { $0 < 0x80 && Character(UnicodeScalar($0)).isHexDigit } }
    }
}
