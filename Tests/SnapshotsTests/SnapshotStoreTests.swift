import Foundation
import Glibc
import Snapshots
import SystemPackage
import TestSupport
import Testing

@Suite struct SnapshotStoreTests {
    @Test func `What was committed is opened, by another store too`() async throws {
        try await withStore { store in
            let committed = try await store.commitExample()
            let opened = try await SnapshotStore(directory: store.directory).resolve(committed.id)
            #expect(opened.manifest == committed.manifest)
            #expect(opened.manifest.snapshot == .example)
            #expect(opened.manifest.files.map(\.name) == ["memory", "state", "tmp"])
            #expect(opened.manifest.files.map(\.size) == [Int64(SnapshotStore.memorySize), 12, 0])
            #expect(try opened.path("state").bytes() == Array("device state".utf8))
            #expect(try store.list() == [committed.id])
        }
    }

    @Test func `What snapshots take on disk is what their files do, without what is staged`() async throws {
        try await withStore { store in
            #expect(store.usage() == (0, 0))
            _ = try store.stageExample()
            #expect(store.usage() == (0, 0))
            let committed = try await store.commitExample()
            let usage = store.usage()
            #expect(usage.count == 1)
            // The manifest and a file of twelve bytes at least, and no more than all of memory beside them.
            #expect(usage.bytes > 12 && usage.bytes <= Int64(SnapshotStore.memorySize) + (1 << 20))
            try await store.remove(committed.id)
            #expect(store.usage() == (0, 0))
        }
    }

    @Test func `A commit leaves nothing staged`() async throws {
        try await withStore { store in
            let staging = try store.stageExample()
            #expect(try store.list().isEmpty, "a staged snapshot is not listed")
            _ = try await store.commit(staging, describing: .example)
            #expect(try store.staging.entries() == [])
            staging.discard()
            #expect(try store.list() == [staging.id], "discarding after a commit takes nothing away")
        }
    }

    @Test func `A second commit fails and does not harm the first`() async throws {
        try await withStore { store in
            let staging = try store.stageExample()
            let committed = try await store.commit(staging, describing: .example)
            await #expect(throws: SnapshotError.self) { try await store.commit(staging, describing: .example) }
            #expect(try await store.resolve(staging.id).manifest == committed.manifest)
        }
    }

    @Test func `A snapshot that was never committed is missing`() async throws {
        try await withStore { store in
            let staging = try store.stageExample()
            await #expect(throws: SnapshotError.missing(staging.id)) { try await store.resolve(staging.id) }
        }
    }

    @Test func `A discarded staging leaves nothing`() async throws {
        try await withStore { store in
            let staging = try store.stageExample()
            staging.discard()
            staging.discard()
            #expect(try store.staging.entries() == [])
        }
    }

    @Test func `A sweep removes what a crash before the rename left, and only that`() async throws {
        try await withStore { store in
            let kept = try await store.commitExample()
            _ = try store.stage()  // died while the engine wrote
            let complete = try store.stageExample()  // died just before the rename
            try complete.path("manifest.json").write(try kept.path("manifest.json").bytes())

            let restarted = try SnapshotStore(directory: store.directory)
            #expect(try restarted.list() == [kept.id])
            try await restarted.sweep()
            #expect(try restarted.staging.entries() == [])
            #expect(try await restarted.resolve(kept.id).manifest == kept.manifest)
        }
    }

    @Test func `A removed snapshot is gone, and removing it again is no error`() async throws {
        try await withStore { store in
            let (id, path) = try await store.commitExampleUnleased()
            let memory = try FileDescriptor.open(path, .readOnly)
            try await store.remove(id)
            try await store.remove(id)
            #expect(try store.directory.entries() == [".staging"])
            #expect(try store.staging.entries() == [])
            await #expect(throws: SnapshotError.missing(id)) { try await store.resolve(id) }
            let stillThere = try memory.closeAfter {
                try withUnsafeTemporaryAllocation(byteCount: 5, alignment: 1) { buffer in
                    _ = try memory.read(into: buffer)
                    return Array(buffer)
                }
            }
            #expect(stillThere == Array("first".utf8), "a clone that holds the file open goes on")
        }
    }

    @Test func `The files of a removed snapshot stay until the last lease ends`() async throws {
        try await withStore { store in
            var first: SnapshotLease? = try await store.commitExample()
            let (id, memory) = (try #require(first?.id), try #require(first?.path("memory")))
            var second: SnapshotLease? = try await store.resolve(id)
            try await store.remove(id)
            #expect(try store.list() == [])
            await #expect(throws: SnapshotError.missing(id)) { try await store.resolve(id) }
            first = nil
            try await store.remove(id)
            #expect(memory.exists && second?.isUnchanged == true)
            second = nil
            // Waits for what the end of the lease began.
            try await store.remove(id)
            #expect(try store.directory.entries() == [".staging"])
        }
    }

    @Test func `A lease tells of a file that was changed after it was checked`() async throws {
        try await withStore { store in
            let lease = try await store.commitExample()
            #expect(lease.isUnchanged)
            try lease.path("state").overwrite([1], at: 0)
            #expect(!lease.isUnchanged)
        }
    }

    @Test func `Only root may look into the store`() async throws {
        try await withStore { store in
            var status = stat()
            try #require(stat(store.directory.string, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o700)
        }
    }

    @Test(arguments: [
        "",  // nothing was written
        "manifest.json",  // the store's own name
        ".hidden",
        "sub directory/",
        "a b",
        "ä",
        String(repeating: "x", count: 65),
    ])
    func `What is no snapshot is not committed`(name: String) async throws {
        try await withStore { store in
            let staging = try store.stage()
            if name.hasSuffix("/") {
                let path = staging.path("directory").string
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            } else if !name.isEmpty {
                try staging.path(name).write([1])
            }
            let error = await #expect(throws: SnapshotError.self) {
                try await store.commit(staging, describing: .example)
            }
            guard case .unfit(staging.id, _) = error else {
                Issue.record("expected .unfit, got \(String(describing: error))")
                return
            }
            #expect(try store.list() == [])
            #expect(try store.staging.entries() == [])
        }
    }

    @Test func `A symbolic link is not committed`() async throws {
        try await withStore { store in
            let staging = try store.stage()
            try FileManager.default.createSymbolicLink(
                atPath: staging.path("memory").string, withDestinationPath: "/etc/hostname")
            await #expect(throws: SnapshotError.unfit(staging.id, reason: "memory is not a regular file")) {
                try await store.commit(staging, describing: .example)
            }
        }
    }

    @Test(.requiresRoot)
    func `A full disk is said to be full, and nothing half-made stays`() async throws {
        try await withScratchDirectory { scratch in
            // Four inodes: the root, .staging, the snapshot and its one file; the manifest does not fit.
            try #require(mount("tmpfs", scratch.string, "tmpfs", 0, "size=1m,nr_inodes=4") == 0)
            defer { umount2(scratch.string, CInt(MNT_DETACH)) }
            let store = try SnapshotStore(directory: scratch)
            let staging = try store.stage()
            try staging.path("memory").write([1, 2, 3])
            let manifest = staging.path("manifest.json")
            await #expect(throws: SnapshotError.noSpace(manifest)) {
                try await store.commit(staging, describing: .example)
            }
            #expect(try store.list() == [])
            #expect(try store.staging.entries() == [])
        }
    }

    @Test func `Many commits at once do not disturb each other`() async throws {
        try await withStore { store in
            let ids = try await withThrowingTaskGroup(of: SnapshotID.self) { group in
                for _ in 0..<8 { group.addTask { try await store.commitExample().id } }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(ids.count == 8)
            #expect(Set(try store.list()) == ids)
            for id in ids { _ = try await store.resolve(id) }
        }
    }
}
