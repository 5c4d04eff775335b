import FunctionModel
import FunctionStore
import GRDB
import SystemPackage
import TestSupport
import Testing

/// Another program that has the database open: a backup, the sqlite3 shell.
@Suite("A database that is locked")
struct LockTests {
    @Test("is waited for, and read meanwhile")
    func waits() async throws {
        try await withScratchDirectory { directory in
            let store = try SQLiteFunctionStore(directory: directory, lockWait: .seconds(60))
            try await store.create(.sample("orders"), tags: [:])
            let lock = try DatabaseLock(directory)
            async let created: Void = store.create(.sample("other"), tags: [:])
            // Readers see what was there before.
            #expect(try await store.exists("orders"))
            #expect(try await !store.exists("other"))
            try lock.end()
            try await created
            #expect(try await store.exists("other"))
            try store.close()
        }
    }

    @Test("is not waited for longer than the limit, nor once more by whoever waited behind others")
    func limit() async throws {
        try await withScratchDirectory { directory in
            let store = try SQLiteFunctionStore(directory: directory, lockWait: .seconds(2))
            let lock = try DatabaseLock(directory)
            let began = ContinuousClock.now
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        await expect(.locked) { () throws(FunctionStoreError) in
                            do throws(FunctionStoreError) {
                                try await store.create(.sample("f\(number)"), tags: [:])
                            } catch {
                                #expect(error.message.contains("thaw.db is locked by another program"))
                                throw error
                            }
                        }
                    }
                }
            }
            // One after the other it would be 400 s; half of that is more than any other test keeps this one waiting.
            #expect(ContinuousClock.now - began < .seconds(200))
            try lock.end()
            try await store.create(.sample("orders"), tags: [:])
            #expect(try await store.list(allVersions: true, page: ListPage()).items.map(\.functionName) == ["orders"])
            try store.close()
        }
    }

    @Test("does not keep a backup from reading, nor a backup the store from writing")
    func backup() async throws {
        try await withScratchDirectory { directory in
            let store = try SQLiteFunctionStore(directory: directory, lockWait: .zero)
            try await store.create(.sample("orders"), tags: [:])
            let reader = try otherProgram(directory)
            try reader.inDatabase { db in try db.execute(sql: "BEGIN; SELECT * FROM version") }
            try await store.create(.sample("other"), tags: [:])
            let seen = try reader.inDatabase { db in
                defer { try? db.execute(sql: "COMMIT") }
                return try Int.fetchOne(db, sql: "SELECT count(*) FROM version")
            }
            #expect(seen == 1)
            try reader.close()
            try store.close()
        }
    }
}

/// The writer's lock on a store's database, held by a connection of its own.
private final class DatabaseLock: Sendable {
    private let queue: DatabaseQueue

    init(_ directory: FilePath) throws {
        queue = try otherProgram(directory)
        try queue.inDatabase { db in try db.execute(sql: "BEGIN IMMEDIATE") }
    }

    func end() throws {
        try queue.inDatabase { db in try db.execute(sql: "ROLLBACK") }
        try queue.close()
    }
}

private func otherProgram(_ directory: FilePath) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    return try DatabaseQueue(path: directory.appending("thaw.db").string, configuration: configuration)
}
