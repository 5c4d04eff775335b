package import Foundation

/// What an engine needs to know to thaw a snapshot it froze.
package struct EngineManifest: Codable, Sendable, Equatable {
    /// `IsolationLevel`'s raw value: which engine froze it.
    package var isolation: String
    /// What the thawing host must have exactly as the freezing one: engine version, kernel digest, CPU model, accelerator.
    package var requirements: [String: String]
    /// What the engine needs to build the sandbox again: devices, sizes, digests. No other part reads it.
    package var parameters: [String: String]

    package init(isolation: String, requirements: [String: String], parameters: [String: String]) {
        self.isolation = isolation
        self.requirements = requirements
        self.parameters = parameters
    }
}

/// What a snapshot is of: all of its manifest but the files, which the store finds and measures itself.
package struct SnapshotDescription: Codable, Sendable, Equatable {
    package var functionName: String
    /// A version number; `$LATEST` is never frozen.
    package var functionVersion: String
    /// Whole seconds.
    package var createdAt: Date
    /// AWS's `CodeSha256` of the version's code.
    package var codeSha256: String
    /// Of the function's layers in their order, in hex; left out where there are none.
    package var layersSha256: String?
    /// Digest of kernel, initramfs and root file system the sandbox ran on.
    package var imageDigest: String
    /// Of the container image whose root took the place of that image's, in hex; left out where there was none.
    package var containerDigest: String?
    package var engine: EngineManifest

    package init(
        functionName: String, functionVersion: String, createdAt: Date, codeSha256: String, layersSha256: String? = nil,
        imageDigest: String, containerDigest: String? = nil, engine: EngineManifest
    ) {
        self.functionName = functionName
        self.functionVersion = functionVersion
        self.createdAt = Date(timeIntervalSince1970: createdAt.timeIntervalSince1970.rounded(.down))
        self.codeSha256 = codeSha256
        self.layersSha256 = layersSha256
        self.imageDigest = imageDigest
        self.containerDigest = containerDigest
        self.engine = engine
    }
}

/// `manifest.json` of a snapshot: what it is, what it needs and what its files must be.
package struct SnapshotManifest: Codable, Sendable, Equatable {
    /// The format this build writes; it reads no other.
    package static let formatVersion = 1

    package var formatVersion: Int
    package var id: SnapshotID
    package var snapshot: SnapshotDescription
    /// Every file of the snapshot but the manifest, by name.
    package var files: [FileRecord]
}

extension SnapshotManifest {
    /// Refuses a snapshot that another engine took, or the same engine under other conditions.
    /// - Parameter host: this host's value for everything the engine lists as a requirement.
    package func checkFits(isolation: String, host: [String: String]) throws(SnapshotError) {
        let engine = snapshot.engine
        guard engine.isolation == isolation else {
            throw .foreign(id, reason: "it was taken by the \(engine.isolation) engine, not \(isolation)")
        }
        for name in Set(engine.requirements.keys).union(host.keys).sorted() {
            let (needed, found) = (engine.requirements[name], host[name])
            guard needed != found else { continue }
            throw .foreign(id, reason: "it needs \(name) \(needed ?? "unset"); this host has \(found ?? "none")")
        }
    }
}

/// One file as it was when the snapshot was taken.
package struct FileRecord: Codable, Sendable, Equatable {
    /// A single path component, see ``FileRecord/isValid(name:)``.
    package var name: String
    /// Bytes, holes included.
    package var size: Int64
    /// Lower-case hex of ``SparseDigest``: independent of where the file has holes, so not what `sha256sum` prints.
    package var digest: String
}
