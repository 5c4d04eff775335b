internal import SystemPackage

/// Why a virtual network could not be stored, read or removed.
package struct NetworkStoreError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable {
        /// The network breaks a rule: see ``VPCNetwork/fault``.
        case invalid
        /// Its name or its VNI is another network's.
        case taken
        case notFound
        /// What is on disk is no network.
        case damaged
        case inputOutput
    }

    package let code: Code
    package let description: String

    static func invalid(_ network: VPCNetwork, _ fault: String) -> Self {
        Self(code: .invalid, description: "the network '\(network.name)' \(fault)")
    }

    static func notFound(_ name: String, in directory: FilePath) -> Self {
        Self(code: .notFound, description: "there is no network '\(name)' in \(directory)")
    }

    static func damaged(_ path: FilePath, _ reason: String) -> Self {
        Self(
            code: .damaged,
            description: "\(path) does not hold a network: \(reason). Delete the network and create it again.")
    }

    static func system(_ action: String, _ path: FilePath, _ error: Errno) -> Self {
        Self(code: .inputOutput, description: "cannot \(action) \(path): \(error)")
    }
}
