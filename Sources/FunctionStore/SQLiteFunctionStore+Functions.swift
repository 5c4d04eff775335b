package import FunctionModel
import GRDB
internal import SystemPackage

import struct Foundation.Data
import class Foundation.JSONDecoder

/// Functions and single versions.
extension SQLiteFunctionStore {
    package func create(
        _ configuration: FunctionConfiguration, tags: [String: String]
    ) async throws(FunctionStoreError) {
        guard configuration.version == .latest else {
            throw .invalid("a function is created with its $LATEST, not with version \(configuration.version)")
        }
        try await write { db in
            let name = configuration.functionName
            guard try !Self.exists(name, db) else { throw FunctionStoreError.alreadyExists(name) }
            try db.execute(
                sql: "INSERT INTO function (name, nextNumber, tags) VALUES (?, 1, ?)",
                arguments: [name, try JSONText.encode(tags)])
            try VersionRow(configuration).insert(db)
        }
    }

    package func configuration(
        name: String, version: FunctionVersion
    ) async throws(FunctionStoreError) -> FunctionConfiguration? {
        try await read { [path] db in try Self.configuration(name, version, db, path) }
    }

    package func exists(_ name: String) async throws(FunctionStoreError) -> Bool {
        try await read { db in try Self.exists(name, db) }
    }

    package func update(
        _ configuration: FunctionConfiguration, expectedRevision: String?, snapshotID: String?
    ) async throws(FunctionStoreError) {
        let replaced = try await write { [path] db -> [CodeReference] in
            let name = configuration.functionName
            guard let present = try Self.configuration(name, configuration.version, db, path) else {
                throw FunctionStoreError.notFound(name, configuration.version)
            }
            if let expectedRevision, expectedRevision != present.revisionID {
                throw FunctionStoreError.revisionMismatch(
                    configuration, expected: expectedRevision, found: present.revisionID)
            }
            try VersionRow(configuration).update(db)
            if let snapshotID { try Self.record(snapshotID, name, configuration.version, db) }
            return present.archives
        }
        let archives = configuration.archives
        let gone = replaced.filter { !archives.contains($0) }
        if !gone.isEmpty { await removeUnreferenced(gone) }
    }

    @discardableResult
    package func delete(name: String) async throws(FunctionStoreError) -> RemovedVersions {
        try await remove { db in
            guard try Self.exists(name, db) else { throw FunctionStoreError.notFound(name) }
            let removed = try RemovedRows(db, where: "functionName = :name", ["name": name])
            try db.execute(sql: "DELETE FROM function WHERE name = ?", arguments: [name])
            return removed
        }
    }

    @discardableResult
    package func delete(
        name: String, version: FunctionVersion
    ) async throws(FunctionStoreError) -> RemovedVersions {
        guard case .published(let number) = version else {
            throw .invalid("$LATEST of \(name) goes with the function, not by itself")
        }
        return try await remove { db in
            guard try Self.exists(name, db) else { throw FunctionStoreError.notFound(name) }
            let condition = "functionName = :name AND number = :number"
            let arguments: StatementArguments = ["name": name, "number": number]
            let removed = try RemovedRows(db, where: condition, arguments)
            try db.execute(sql: "DELETE FROM version WHERE \(condition)", arguments: arguments)
            return removed
        }
    }

    package func tags(_ name: String) async throws(FunctionStoreError) -> [String: String] {
        try await read { [path] db in
            guard
                let text = try String.fetchOne(db, sql: "SELECT tags FROM function WHERE name = ?", arguments: [name])
            else { throw FunctionStoreError.notFound(name) }
            do {
                return try JSONDecoder().decode([String: String].self, from: Data(text.utf8))
            } catch {
                throw FunctionStoreError.corrupt("the tags of \(name)", in: path, "\(error)")
            }
        }
    }

    package func setTags(
        _ tags: [String: String], latest: FunctionConfiguration, expectedRevision: String
    ) async throws(FunctionStoreError) {
        guard latest.version == .latest else {
            throw .invalid("a function is tagged with its $LATEST, not with version \(latest.version)")
        }
        try await write { [path] db in
            let name = latest.functionName
            guard let present = try Self.configuration(name, .latest, db, path) else {
                throw FunctionStoreError.notFound(name)
            }
            guard present.revisionID == expectedRevision else {
                throw FunctionStoreError.revisionMismatch(
                    latest, expected: expectedRevision, found: present.revisionID)
            }
            try db.execute(
                sql: "UPDATE function SET tags = ? WHERE name = ?", arguments: [try JSONText.encode(tags), name])
            try VersionRow(latest).update(db)
        }
    }

    /// Deletes rows, and then the code that only they referred to: the other way round, a crash would leave a row whose
    /// code is gone.
    private func remove(
        _ body: @Sendable (Database) throws -> RemovedRows
    ) async throws(FunctionStoreError) -> RemovedVersions {
        let removed = try await write(body)
        await removeUnreferenced(removed.code)
        return RemovedVersions(versions: removed.versions, snapshotIDs: removed.snapshotIDs)
    }

    static func exists(_ name: String, _ db: Database) throws -> Bool {
        try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM function WHERE name = ?)", arguments: [name]) ?? false
    }

    static func configuration(
        _ name: String, _ version: FunctionVersion, _ db: Database, _ path: FilePath
    ) throws -> FunctionConfiguration? {
        let row = try Row.fetchOne(
            db, sql: "SELECT * FROM version WHERE functionName = ? AND number = ?", arguments: [name, version.column])
        return try row.map { try VersionRow($0, in: path).configuration }
    }
}

/// What a deletion is about to take. Reads columns only, so that a version whose configuration is damaged can be
/// deleted.
private struct RemovedRows: Sendable {
    var versions: [FunctionVersion] = []
    var code: [CodeReference] = []
    var snapshotIDs: [String]

    init(_ db: Database, where condition: String, _ arguments: StatementArguments) throws {
        let rows = try Row.fetchAll(
            db, sql: "SELECT number, codeSha256 FROM version WHERE \(condition) ORDER BY number", arguments: arguments)
        for row in rows {
            versions.append(FunctionVersion(column: row["number"]))
            code.append(CodeReference(sha256: row["codeSha256"], size: 0))
        }
        code += try String.fetchAll(
            db, sql: "SELECT DISTINCT codeSha256 FROM versionLayer WHERE \(condition)", arguments: arguments
        ).map { CodeReference(sha256: $0, size: 0) }
        snapshotIDs = try String.fetchAll(
            db, sql: "SELECT id FROM snapshot WHERE \(condition) ORDER BY number", arguments: arguments)
    }
}
