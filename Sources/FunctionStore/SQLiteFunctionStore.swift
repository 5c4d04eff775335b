internal import Basics
import GRDB
import LinuxKit
import Synchronization
package import SystemPackage

/// ``FunctionStore`` for one host: SQLite in `<directory>/thaw.db`, zips in `<directory>/code/`.
///
/// Commits are on disk before they are reported (write-ahead log, `synchronous = FULL`), and a zip is on disk before
/// the row that refers to it. One process at a time has the directory: it holds a lock on `<directory>/thaw.lock`,
/// which the kernel releases however the process ends.
package final class SQLiteFunctionStore: FunctionStore {
    let path: FilePath
    package let pool: DatabasePool
    let codes: CodeDirectory
    private let lock: FileLock
    private let lockWait: Duration
    /// When a change met a lock that did not go away.
    private let lastRefusal = Mutex<ContinuousClock.Instant?>(nil)

    /// Opens the store, makes it if it is not there, and removes what a killed process left half made. Blocks.
    ///
    /// - Parameter lockWait: how long a change waits for another program that has locked the database: a backup, the sqlite3 shell.
    package init(directory: FilePath, lockWait: Duration = .seconds(10)) throws(FunctionStoreError) {
        path = directory.appending("thaw.db")
        self.lockWait = lockWait
        try Self.makeDirectory(directory)
        lock = try Self.lock(directory)
        codes = try CodeDirectory(path: directory.appending("code"))
        pool = try Self.open(path, lockWait: lockWait)
        try codes.sweep(keeping: try Self.referencedCode(pool, path))
    }

    /// Ends all access and lets another process in. Using the store afterwards throws.
    ///
    /// Everything is in `thaw.db` alone then, as far as there is room for it: whoever copies that file has all of it. Readers close
    /// last, and cannot move what is in the write-ahead log.
    package func close() throws(FunctionStoreError) {
        _ = try? pool.writeWithoutTransaction { db in try db.checkpoint(.truncate) }
        do { try pool.close() } catch { throw .database(error, path: path) }
        lock.release()
    }

    func read<T: Sendable>(
        _ body: @Sendable (Database) throws -> T
    ) async throws(FunctionStoreError) -> T {
        do { return try await pool.read(body) } catch { throw .database(error, path: path) }
    }

    /// Runs `body` in a transaction: all of it happens and lasts, or none.
    ///
    /// Changes take turns, and each waits ``lockWait`` for a lock. One that has waited as long for its turn, behind others that
    /// met a lock, does not wait again.
    func write<T: Sendable>(
        _ body: @Sendable (Database) throws -> T
    ) async throws(FunctionStoreError) -> T {
        let asked = ContinuousClock.now
        do {
            return try await pool.writeWithoutTransaction { [path, lockWait] db in
                var result = Result<T, any Error>.failure(FunctionStoreError.locked(path))
                let lastRefusal = lastRefusal.withLock { $0 }
                if let lastRefusal, lastRefusal > asked, ContinuousClock.now > asked + lockWait {
                    return try result.get()
                }
                try db.inTransaction(.immediate) {
                    result = .success(try body(db))
                    return .commit
                }
                return try result.get()
            }
        } catch {
            let error = FunctionStoreError.database(error, path: path)
            if error.code == .locked { lastRefusal.withLock { $0 = .now } }
            throw error
        }
    }
}

/// Opening.
extension SQLiteFunctionStore {
    /// Makes the directory and those above it that are missing.
    private static func makeDirectory(_ path: FilePath) throws(FunctionStoreError) {
        try rethrowing(try DurableFile.makeDirectory(path)) { FunctionStoreError.system("make directory", path, $0) }
    }

    private static func lock(_ directory: FilePath) throws(FunctionStoreError) -> FileLock {
        let path = directory.appending("thaw.lock")
        do {
            if let lock = try FileLock.take(path, options: [.create]) { return lock }
        } catch {
            throw .system("lock", path, error)
        }
        throw .inUse(directory)
    }

    private static func open(_ path: FilePath, lockWait: Duration) throws(FunctionStoreError) -> DatabasePool {
        // Environment variables are in there: SQLite gives its other files the permissions of this one.
        _ = try rethrowing(
            try OwnedDescriptor.open(path, .readWrite, options: [.create], permissions: [.ownerReadWrite])
        ) { FunctionStoreError.system("open", path, $0) }
        do {
            var configuration = Configuration()
            configuration.busyMode = .timeout(lockWait / .seconds(1))
            let pool = try DatabasePool(path: path.string, configuration: configuration)
            // DatabasePool chooses NORMAL, with which a power cut can take back a commit. The setting belongs to the
            // one connection that writes.
            try pool.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA synchronous = FULL") }
            guard try pool.read(Schema.migrator.hasBeenSuperseded) == false else {
                throw FunctionStoreError.newerFormat(path)
            }
            try Schema.migrator.migrate(pool)
            // The names of the files that SQLite just made.
            try DurableFile.syncDirectory(path.removingLastComponent())
            return pool
        } catch {
            throw .database(error, path: path)
        }
    }

    private static func referencedCode(
        _ pool: DatabasePool, _ path: FilePath
    ) throws(FunctionStoreError) -> Set<String> {
        do {
            return try pool.read { db in
                try String.fetchSet(
                    db,
                    sql: """
                        SELECT codeSha256 FROM version WHERE length(codeSha256) <> 64
                        UNION SELECT codeSha256 FROM versionLayer
                        UNION SELECT codeSha256 FROM layerVersion
                        """)
            }
        } catch {
            throw .database(error, path: path)
        }
    }
}
