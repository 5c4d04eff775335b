import FunctionModel
import FunctionStore
import Testing

import struct Foundation.Date

@Suite struct SnapshotTableTests {
    @Test("a version has the snapshot that was recorded last")
    func recording() async throws {
        try await withStore { store, _ in
            try await store.create(.sample(), tags: [:])
            _ = try await store.publishLatest()
            #expect(try await store.snapshotID(name: "orders", version: .published(1)) == nil)
            try await store.recordSnapshot("snap-a", name: "orders", version: .published(1))
            try await store.recordSnapshot("snap-a", name: "orders", version: .published(1))
            #expect(try await store.snapshotID(name: "orders", version: .published(1)) == "snap-a")
            try await store.recordSnapshot("snap-b", name: "orders", version: .published(1))
            #expect(try await store.snapshotID(name: "orders", version: .published(1)) == "snap-b")
            #expect(try await store.allSnapshotIDs() == ["snap-b"])
            try await store.removeSnapshot("snap-b")
            try await store.removeSnapshot("snap-b")
            #expect(try await store.allSnapshotIDs().isEmpty)
        }
    }

    @Test("a snapshot's last use is kept, also when another one takes its place")
    func use() async throws {
        try await withStore { store, _ in
            try await store.create(.sample(), tags: [:])
            _ = try await store.publishLatest()
            try await store.recordSnapshot("snap-a", name: "orders", version: .published(1))
            #expect(try await store.snapshotUses().map(\.usedAt) == [nil])
            let date = Date(timeIntervalSince1970: 1_700_000_000)
            try await store.noteUse(ofSnapshots: ["snap-a", "snap-gone"], at: date)
            try await store.recordSnapshot("snap-b", name: "orders", version: .published(1))
            #expect(
                try await store.snapshotUses()
                    == [SnapshotUse(id: "snap-b", functionName: "orders", version: .published(1), usedAt: date)])
        }
    }

    @Test("a snapshot belongs to one version, which must be there")
    func ownership() async throws {
        try await withStore { store, _ in
            try await store.create(.sample(), tags: [:])
            _ = try await store.publishLatest()
            _ = try await store.publishLatest()
            try await store.recordSnapshot("snap-a", name: "orders", version: .published(1))
            await expect(.invalid) { () throws(FunctionStoreError) in
                try await store.recordSnapshot("snap-a", name: "orders", version: .published(2))
            }
            await expect(.notFound) { () throws(FunctionStoreError) in
                try await store.recordSnapshot("snap-c", name: "orders", version: .published(3))
            }
            await expect(.notFound) { () throws(FunctionStoreError) in
                try await store.recordSnapshot("snap-c", name: "other", version: .published(1))
            }
            #expect(try await store.allSnapshotIDs() == ["snap-a"])
        }
    }

    @Test("a version becomes active together with its snapshot, or not at all")
    func atomicActivation() async throws {
        try await withStore { store, _ in
            try await store.create(.sample(), tags: [:])
            let version = try await store.publish(name: "orders") { latest, number in
                var version = latest
                version.version = .published(number)
                version.state = .pending(.creating)
                return version
            }
            let active = try #require(version.activated())
            await expect(.revisionMismatch) { () throws(FunctionStoreError) in
                try await store.update(active, expectedRevision: "old", snapshotID: "snap-a")
            }
            #expect(try await store.allSnapshotIDs().isEmpty)
            try await store.update(active, expectedRevision: version.revisionID, snapshotID: "snap-a")
            #expect(try await store.snapshotID(name: "orders", version: .published(1)) == "snap-a")
            #expect(try await store.configuration(name: "orders", version: .published(1)) == active)
        }
    }
}
