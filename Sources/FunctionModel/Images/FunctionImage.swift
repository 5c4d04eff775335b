/// A container image as a function's code: `PackageType` is `Image`.
package struct FunctionImage: Codable, Sendable, Equatable {
    /// `Code.ImageUri`, as the client gave it.
    package var uri: String
    /// What the same image is called for ever: `Code.ResolvedImageUri`.
    package var resolvedURI: String
    /// SHA-256 of its manifest, in hex: the function's `CodeSha256`.
    package var digest: String
    /// Bytes of its layers as they are transferred.
    package var size: Int64
    /// What the image says of itself.
    package var declared: ImageDeclaration
    /// `ImageConfig`, which replaces parts of that; nil where the function has none.
    package var settings: ImageSettings?

    package init(
        uri: String, resolvedURI: String, digest: String, size: Int64, declared: ImageDeclaration,
        settings: ImageSettings? = nil
    ) {
        self.uri = uri
        self.resolvedURI = resolvedURI
        self.digest = digest
        self.size = size
        self.declared = declared
        self.settings = settings
    }
}

/// What of an image's own configuration counts for a function: image-spec, config.md. Its user does not.
package struct ImageDeclaration: Codable, Sendable, Equatable {
    package var entryPoint: [String]
    package var command: [String]
    package var environment: [String: String]
    package var workingDirectory: String?
    /// Whether a label says that it may be frozen although its runtime does not ask for it.
    package var allowsSnapStart: Bool

    /// The label, and what it has to say.
    package static let snapStartLabel = (name: "com.amazonaws.lambda.feature.snapstart", value: "Allow")

    package init(
        entryPoint: [String] = [], command: [String] = [], environment: [String: String] = [:],
        workingDirectory: String? = nil, allowsSnapStart: Bool = false
    ) {
        self.entryPoint = entryPoint
        self.command = command
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.allowsSnapStart = allowsSnapStart
    }

    /// - Parameters:
    ///   - variables: `KEY=VALUE`; what is none is left out.
    ///   - labels: of the image.
    package init(
        entryPoint: [String], command: [String], variables: [String], workingDirectory: String?,
        labels: [String: String]
    ) {
        var environment: [String: String] = [:]
        for variable in variables {
            let parts = variable.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2, !parts[0].isEmpty { environment[String(parts[0])] = String(parts[1]) }
        }
        self.init(
            entryPoint: entryPoint, command: command, environment: environment,
            workingDirectory: workingDirectory.flatMap { $0.isEmpty ? nil : $0 },
            allowsSnapStart: labels[Self.snapStartLabel.name] == Self.snapStartLabel.value)
    }
}

/// `ImageConfig`. Lists and names that are empty count as not given.
package struct ImageSettings: Codable, Sendable, Equatable {
    package var entryPoint: [String]?
    package var command: [String]?
    package var workingDirectory: String?

    package init(entryPoint: [String]? = nil, command: [String]? = nil, workingDirectory: String? = nil) {
        self.entryPoint = entryPoint.flatMap { $0.isEmpty ? nil : $0 }
        self.command = command.flatMap { $0.isEmpty ? nil : $0 }
        self.workingDirectory = workingDirectory.flatMap { $0.isEmpty ? nil : $0 }
    }

    package var isEmpty: Bool { self == ImageSettings() }
}

/// What is started of it, and where: each setting replaces its own counterpart and no other.
extension FunctionImage {
    package var entryPoint: [String] { settings?.entryPoint ?? declared.entryPoint }

    package var command: [String] { settings?.command ?? declared.command }

    /// The argument vector.
    package var arguments: [String] { entryPoint + command }

    package var workingDirectory: String { settings?.workingDirectory ?? declared.workingDirectory ?? "/" }

    /// What AWS's own images take for the handler.
    package var handler: String? { command.first }
}
