import FunctionModel
import FunctionStore
import GRDB
import SystemPackage
import TestSupport
import Testing

@Suite("Tags in the store") struct TagTests {
    @Test("are replaced together with the revision of $LATEST, and found again after a stop")
    func durable() async throws {
        try await withScratchDirectory { directory in
            let store = try SQLiteFunctionStore(directory: directory)
            let created = FunctionConfiguration.sample()
            try await store.create(created, tags: ["a": "1"])
            let latest = try #require(created.retagged(changingContent: true))
            try await store.setTags(["é/ \"b": "", "c": "2"], latest: latest, expectedRevision: created.revisionID)
            try store.close()

            let next = try SQLiteFunctionStore(directory: directory)
            #expect(try await next.tags("orders") == ["é/ \"b": "", "c": "2"])
            let read = try #require(try await next.configuration(name: "orders", version: .latest))
            #expect(read == latest)
            #expect(read.revisionID != created.revisionID && read.contentID == read.revisionID)
            try next.close()
        }
    }

    @Test("of a function that was changed meanwhile, or is gone, stay as they are")
    func refused() async throws {
        try await withStore { store, _ in
            let created = FunctionConfiguration.sample()
            try await store.create(created, tags: ["a": "1"])
            let latest = try #require(created.retagged(changingContent: false))
            await expect(.revisionMismatch) { () throws(FunctionStoreError) in
                try await store.setTags([:], latest: latest, expectedRevision: "another")
            }
            let version = try await store.publishLatest()
            await expect(.invalid) { () throws(FunctionStoreError) in
                try await store.setTags([:], latest: version, expectedRevision: created.revisionID)
            }
            #expect(try await store.tags("orders") == ["a": "1"])
            var present = try #require(try await store.configuration(name: "orders", version: .latest))
            // The publish has made a new revision of it, and nothing else.
            #expect(present.revisionID != created.revisionID)
            present.revisionID = created.revisionID
            #expect(present == created)
            try await store.delete(name: "orders")
            await expect(.notFound) { () throws(FunctionStoreError) in
                try await store.setTags([:], latest: latest, expectedRevision: created.revisionID)
            }
        }
    }

    /// Tags were part of the first format; they could only not be changed.
    @Test("of a database that the first release wrote are read and changed")
    func firstFormat() async throws {
        try await withScratchDirectory { directory in
            let latest = FunctionConfiguration.sample()
            do {
                // The statements of the first release: what is on users' disks.
                let old = try DatabaseQueue(path: directory.appending("thaw.db").string)
                try await old.write { db in
                    try db.execute(
                        sql: """
                            CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
                            INSERT INTO grdb_migrations VALUES ('1 functions, versions, snapshots');
                            CREATE TABLE function (
                              name TEXT NOT NULL PRIMARY KEY, nextNumber INTEGER NOT NULL, tags TEXT NOT NULL
                            ) STRICT, WITHOUT ROWID;
                            CREATE TABLE version (
                              functionName TEXT NOT NULL REFERENCES function (name) ON DELETE CASCADE,
                              number INTEGER NOT NULL, revisionID TEXT NOT NULL, codeSha256 TEXT NOT NULL,
                              isUnfinished INTEGER NOT NULL, configuration TEXT NOT NULL,
                              PRIMARY KEY (functionName, number)
                            ) STRICT, WITHOUT ROWID;
                            CREATE INDEX versionByCode ON version (codeSha256);
                            CREATE INDEX versionUnfinished ON version (isUnfinished) WHERE isUnfinished;
                            CREATE TABLE snapshot (
                              functionName TEXT NOT NULL, number INTEGER NOT NULL, id TEXT NOT NULL UNIQUE,
                              PRIMARY KEY (functionName, number),
                              FOREIGN KEY (functionName, number) REFERENCES version ON DELETE CASCADE
                            ) STRICT, WITHOUT ROWID;
                            """)
                    try db.execute(
                        sql: "INSERT INTO function VALUES ('orders', 1, ?)", arguments: [#"{"team":"a"}"#])
                    try db.execute(
                        sql: "INSERT INTO version VALUES ('orders', 0, ?, ?, 0, ?)",
                        arguments: [latest.revisionID, latest.code.sha256, try JSONText.encode(latest)])
                }
                try old.close()
            }
            let store = try SQLiteFunctionStore(directory: directory)
            #expect(try await store.tags("orders") == ["team": "a"])
            let tagged = try #require(latest.retagged(changingContent: false))
            try await store.setTags(
                ["thaw:isolation": "process"], latest: tagged, expectedRevision: latest.revisionID)
            #expect(try await store.tags("orders") == ["thaw:isolation": "process"])
            #expect(try await store.configuration(name: "orders", version: .latest) == tagged)
            try store.close()
        }
    }
}
