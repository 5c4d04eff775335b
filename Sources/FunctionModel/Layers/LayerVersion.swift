import struct Foundation.Date

/// A version of a layer: an archive that functions find at `/opt`, as PublishLayerVersion made it. It never changes.
package struct LayerVersion: Codable, Sendable, Equatable {
    package var layerName: String
    /// From 1; 0 until the store has given it one.
    package var number: Int
    package var description: String
    package var licenseInfo: String?
    /// What it was published for, which nobody is held to. Nil where the client said nothing.
    package var compatibleRuntimes: [String]?
    package var compatibleArchitectures: [String]?
    package var code: CodeReference
    /// Bytes that the archive unpacks to.
    package var unzippedSize: Int
    package var createdDate: Date

    package init(
        layerName: String, number: Int = 0, description: String = "", licenseInfo: String? = nil,
        compatibleRuntimes: [String]? = nil, compatibleArchitectures: [String]? = nil, code: CodeReference,
        unzippedSize: Int, createdDate: Date
    ) {
        self.layerName = layerName
        self.number = number
        self.description = description
        self.licenseInfo = licenseInfo
        self.compatibleRuntimes = compatibleRuntimes
        self.compatibleArchitectures = compatibleArchitectures
        self.code = code
        self.unzippedSize = unzippedSize
        self.createdDate = createdDate
    }
}

/// Which layer versions a list shows: those that name what is asked for. Nil shows all.
package struct LayerFilter: Sendable, Equatable {
    package var runtime: String?
    package var architecture: String?

    package init(runtime: String? = nil, architecture: String? = nil) {
        self.runtime = runtime
        self.architecture = architecture
    }

    package func matches(_ layer: LayerVersion) -> Bool {
        func names(_ wanted: String?, _ named: [String]?) -> Bool { wanted.map { named?.contains($0) == true } ?? true }
        return names(runtime, layer.compatibleRuntimes) && names(architecture, layer.compatibleArchitectures)
    }
}

/// `arn:aws:lambda:REGION:ACCOUNT:layer:NAME[:VERSION]`
package struct LayerARN: Sendable, Hashable, CustomStringConvertible {
    package var scope: AccountScope
    package var name: String
    /// Nil for the layer as a whole.
    package var version: Int?

    package init(scope: AccountScope, name: String, version: Int? = nil) {
        self.scope = scope
        self.name = name
        self.version = version
    }

    /// Reads an ARN with or without a version; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 7 || parts.count == 8, parts[0] == "arn", !parts[1].isEmpty, parts[2] == "lambda",
            !parts[3].isEmpty, (parts[1] + parts[3]).utf8.allSatisfy({ $0.isNameCharacter && $0 != UInt8(ascii: "_") }),
            parts[4].utf8.count == 12, parts[4].utf8.allSatisfy(\.isDigit), parts[5] == "layer",
            Self.isName(parts[6])
        else { return nil }
        scope = AccountScope(
            partition: String(parts[1]), region: String(parts[3]), accountID: String(parts[4]))
        name = String(parts[6])
        guard parts.count == 8 else { return }
        guard !parts[7].isEmpty, parts[7].utf8.allSatisfy(\.isDigit), let number = Int(parts[7]) else { return nil }
        version = number
    }

    package var description: String {
        let layer = "arn:\(scope.partition):lambda:\(scope.region):\(scope.accountID):layer:\(name)"
        return version.map { "\(layer):\($0)" } ?? layer
    }

    static func isName(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy(\.isNameCharacter)
    }
}

extension AccountScope {
    package func layerARN(_ name: String, version: Int? = nil) -> LayerARN {
        LayerARN(scope: self, name: name, version: version)
    }
}
