import Foundation
import Snapshots
import SystemPackage
import TestSupport

extension SnapshotDescription {
    static let example = SnapshotDescription(
        functionName: "orders", functionVersion: "7", createdAt: Date(timeIntervalSince1970: 1_700_000_000),
        codeSha256: "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", imageDigest: "sha256:00",
        engine: EngineManifest(
            isolation: "microvm", requirements: ["qemu": "7.2.19", "cpu": "max"], parameters: ["memory": "memory"]))
}

extension FilePath {
    /// Changes bytes in place, without changing the size.
    func overwrite(_ bytes: [UInt8], at offset: UInt64) throws {
        let file = try FileHandle(forUpdating: URL(filePath: string))
        try file.seek(toOffset: offset)
        try file.write(contentsOf: bytes)
        try file.close()
    }

    func setSize(_ size: UInt64) throws {
        let file = try FileHandle(forUpdating: URL(filePath: string))
        try file.truncate(atOffset: size)
        try file.close()
    }

    func write(_ bytes: [UInt8] = []) throws { try Data(bytes).write(to: URL(filePath: string)) }

    func bytes() throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: string))) }

    var exists: Bool { FileManager.default.fileExists(atPath: string) }

    func entries() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: string).sorted() }
}

/// A store in a scratch directory.
func withStore(_ body: (SnapshotStore) async throws -> Void) async throws {
    try await withScratchDirectory { scratch in
        try await body(try SnapshotStore(directory: scratch.appending("state/snapshots")))
    }
}

extension SnapshotStore {
    static let memorySize: UInt64 = 80 << 20

    var staging: FilePath { directory.appending(".staging") }

    /// A staged snapshot as an engine leaves it: a sparse memory file over three digest segments, a small state, an empty disk.
    func stageExample() throws -> SnapshotStaging {
        let staging = try stage()
        try staging.path("memory").write()
        try staging.path("memory").setSize(Self.memorySize)
        try staging.path("memory").overwrite(Array("first".utf8), at: 0)
        try staging.path("memory").overwrite([UInt8](repeating: 7, count: 10_000), at: 40 << 20)
        try staging.path("state").write(Array("device state".utf8))
        try staging.path("tmp").write()
        return staging
    }

    func commitExample() async throws -> SnapshotLease {
        try await commit(try stageExample(), describing: .example)
    }

    /// - Returns: where its memory is.
    func commitExampleUnleased() async throws -> (SnapshotID, memory: FilePath) {
        let lease = try await commitExample()
        return (lease.id, lease.path("memory"))
    }

    /// Rewrites a snapshot's manifest.
    func edit(_ snapshot: SnapshotLease, _ change: (inout [String: Any]) -> Void) throws {
        let path = snapshot.path("manifest.json")
        let parsed = try JSONSerialization.jsonObject(with: Data(try path.bytes()))
        guard var manifest = parsed as? [String: Any] else { throw CocoaError(.coderReadCorrupt) }
        change(&manifest)
        try path.write(Array(try JSONSerialization.data(withJSONObject: manifest)))
    }
}
