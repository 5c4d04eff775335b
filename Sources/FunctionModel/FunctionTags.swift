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
