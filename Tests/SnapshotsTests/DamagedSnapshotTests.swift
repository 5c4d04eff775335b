import Foundation
import Snapshots
import SystemPackage
import TestSupport
import Testing

/// One way for a stored snapshot to be wrong.
struct Damage: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var inflict: @Sendable (SnapshotStore, SnapshotLease) throws -> Void
    /// The file that the error must name.
    var file = "manifest.json"

    init(
        _ description: String, in file: String = "manifest.json",
        _ inflict: @escaping @Sendable (SnapshotStore, SnapshotLease) throws -> Void
    ) {
        testDescription = description
        self.file = file
        self.inflict = inflict
    }

    /// A manifest with one member changed.
    static func manifest(_ description: String, _ change: @escaping @Sendable (inout [String: Any]) -> Void) -> Damage {
        Damage(description) { store, snapshot in try store.edit(snapshot, change) }
    }

    /// A manifest whose first file has one member changed.
    static func record(_ description: String, _ member: String, _ value: any Sendable) -> Damage {
        manifest(description) { manifest in
            guard var files = manifest["files"] as? [[String: Any]] else { return }
            files[0][member] = value
            manifest["files"] = files
        }
    }

    /// A manifest of these bytes.
    static func bytes(_ description: String, _ bytes: [UInt8]) -> Damage {
        Damage(description) { _, snapshot in try snapshot.path("manifest.json").write(bytes) }
    }
}

@Suite struct DamagedSnapshotTests {
    static let damagedFiles = [
        Damage("one bit flipped in the first block", in: "memory") { _, snapshot in
            try snapshot.path("memory").overwrite([UInt8(ascii: "f") ^ 1], at: 0)
        },
        Damage("one byte written into a hole", in: "memory") { _, snapshot in
            try snapshot.path("memory").overwrite([1], at: 70 << 20)
        },
        Damage("data overwritten with zeros", in: "memory") { _, snapshot in
            try snapshot.path("memory").overwrite([UInt8](repeating: 0, count: 10_000), at: 40 << 20)
        },
        Damage("data moved by one block", in: "memory") { _, snapshot in
            try snapshot.path("memory").overwrite(
                [UInt8](repeating: 0, count: 4096) + [UInt8](repeating: 7, count: 10_000), at: 40 << 20)
        },
        Damage("last byte changed", in: "memory") { _, snapshot in
            try snapshot.path("memory").overwrite([1], at: SnapshotStore.memorySize - 1)
        },
        Damage("cut short", in: "memory") { _, snapshot in
            try snapshot.path("memory").setSize(SnapshotStore.memorySize - 1)
        },
        Damage("cut to nothing", in: "state") { _, snapshot in try snapshot.path("state").setSize(0) },
        Damage("lengthened by zeros", in: "memory") { _, snapshot in
            try snapshot.path("memory").setSize(SnapshotStore.memorySize + 4096)
        },
        Damage("lengthened by data", in: "state") { _, snapshot in
            try snapshot.path("state").overwrite([0], at: 12)
        },
        Damage("longer than any memory", in: "memory") { _, snapshot in
            try snapshot.path("memory").setSize(2 << 40)
        },
        Damage("missing", in: "tmp") { _, snapshot in
            try FileManager.default.removeItem(atPath: snapshot.path("tmp").string)
        },
        Damage("a symbolic link to the right content", in: "state") { _, snapshot in
            try snapshot.path("elsewhere").write(Array("device state".utf8))
            try FileManager.default.removeItem(atPath: snapshot.path("state").string)
            try FileManager.default.createSymbolicLink(
                atPath: snapshot.path("state").string, withDestinationPath: "elsewhere")
        },
        Damage("a directory", in: "tmp") { _, snapshot in
            try FileManager.default.removeItem(atPath: snapshot.path("tmp").string)
            try FileManager.default.createDirectory(
                atPath: snapshot.path("tmp").string, withIntermediateDirectories: false)
        },
        Damage("a pipe that nobody writes to", in: "tmp") { _, snapshot in
            try FileManager.default.removeItem(atPath: snapshot.path("tmp").string)
            try #require(mkfifo(snapshot.path("tmp").string, 0o600) == 0)
        },
    ]

    static let damagedManifests: [Damage] = [
        Damage("missing") { _, snapshot in
            try FileManager.default.removeItem(atPath: snapshot.path("manifest.json").string)
        },
        Damage("a symbolic link") { _, snapshot in
            try FileManager.default.moveItem(
                atPath: snapshot.path("manifest.json").string, toPath: snapshot.path("moved").string)
            try FileManager.default.createSymbolicLink(
                atPath: snapshot.path("manifest.json").string, withDestinationPath: "moved")
        },
        Damage("cut in half") { _, snapshot in
            let bytes = try snapshot.path("manifest.json").bytes()
            try snapshot.path("manifest.json").write(Array(bytes.prefix(bytes.count / 2)))
        },
        Damage("larger than any manifest") { _, snapshot in try snapshot.path("manifest.json").setSize(1 << 40) },
        .bytes("empty", []),
        .bytes("not JSON", Array("snapshot".utf8)),
        .bytes("not UTF-8", [0xFF, 0xFE, 0x00]),
        .bytes("an array", Array("[]".utf8)),
        .bytes("nested beyond reason", [UInt8](repeating: UInt8(ascii: "["), count: 1 << 20)),
        .bytes("nothing but a version", Array(#"{"formatVersion": 1}"#.utf8)),
        .manifest("no format version") { $0["formatVersion"] = nil },
        .manifest("a format version that is text") { $0["formatVersion"] = "1" },
        .manifest("no identifier") { $0["id"] = nil },
        .manifest("another snapshot's identifier") { $0["id"] = "snap-0000000000000000" },
        .manifest("an identifier that is a path") { $0["id"] = "../../etc" },
        .manifest("no description") { $0["snapshot"] = nil },
        .manifest("no files") { $0["files"] = [Any]() },
        .manifest("one file twice") { manifest in
            guard let files = manifest["files"] as? [Any] else { return }
            manifest["files"] = files + files
        },
        .manifest("more files than any snapshot has") { manifest in
            manifest["files"] = (0..<1000).map { ["name": "f\($0)", "size": 0, "digest": "00"] as [String: Any] }
        },
        .record("a file above the directory", "name", "../memory"),
        .record("an absolute file", "name", "/etc/passwd"),
        .record("the directory itself", "name", "."),
        .record("the parent directory", "name", ".."),
        .record("a file without a name", "name", ""),
        .record("the manifest as its own file", "name", "manifest.json"),
        .record("a name with a NUL", "name", "memory\0"),
        .record("a negative size", "size", -1),
        .record("a size beyond any memory", "size", Int64.max),
        .record("a size beyond Int64", "size", 1e30),
        .record("a fractional size", "size", 0.5),
        .record("a size that is text", "size", "80"),
        .record("a digest that is too short", "digest", "00"),
        .record("a digest that is not hex", "digest", String(repeating: "x", count: 64)),
        .record("a digest in capitals", "digest", String(repeating: "A", count: 64)),
    ]

    @Test("A damaged snapshot is refused, and the damage named", arguments: damagedFiles + damagedManifests)
    func isRefused(_ damage: Damage) async throws {
        try await withStore { store in
            let snapshot = try await store.commitExample()
            try damage.inflict(store, snapshot)
            let error = await #expect(throws: SnapshotError.self) { try await store.resolve(snapshot.id) }
            guard case .corrupt(snapshot.id, damage.file, let reason) = error else {
                Issue.record("expected .corrupt, got \(String(describing: error))")
                return
            }
            #expect(!reason.isEmpty)
            #expect(try store.list() == [snapshot.id], "a damaged snapshot can still be listed, and so removed")
            try await store.remove(snapshot.id)
            #expect(try store.list() == [])
        }
    }

    @Test("A format version of another build is foreign, not damage", arguments: [0, 2, -1, 1 << 40])
    func otherFormat(version: Int) async throws {
        try await withStore { store in
            let snapshot = try await store.commitExample()
            try store.edit(snapshot) { $0 = ["formatVersion": version, "somethingNew": true] }
            await #expect(
                throws: SnapshotError.foreign(
                    snapshot.id, reason: "its format is version \(version); this build reads 1")
            ) { try await store.resolve(snapshot.id) }
        }
    }

    @Test(
        "A host that differs is refused with what differs",
        arguments: [
            ("microvm", ["qemu": "7.2.19", "cpu": "max"], nil),
            ("process", ["qemu": "7.2.19", "cpu": "max"], "it was taken by the microvm engine, not process"),
            ("microvm", ["qemu": "10.0.2", "cpu": "max"], "it needs qemu 7.2.19; this host has 10.0.2"),
            ("microvm", ["qemu": "7.2.19"], "it needs cpu max; this host has none"),
            // A requirement that the snapshot's maker did not know: whether it is met cannot be told.
            ("microvm", ["qemu": "7.2.19", "cpu": "max", "tsc": "1"], "it needs tsc unset; this host has 1"),
        ] as [(String, [String: String], String?)])
    func checkFits(isolation: String, host: [String: String], reason: String?) async throws {
        try await withStore { store in
            let snapshot = try await store.commitExample()
            if let reason {
                #expect(throws: SnapshotError.foreign(snapshot.id, reason: reason)) {
                    try snapshot.manifest.checkFits(isolation: isolation, host: host)
                }
            } else {
                try snapshot.manifest.checkFits(isolation: isolation, host: host)
            }
        }
    }
}
