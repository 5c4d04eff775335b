package import FunctionModel
import GRDB

import struct Foundation.Date

/// Which snapshot belongs to which version. A deletion of the version takes the row with it.
extension SQLiteFunctionStore {
    package func recordSnapshot(
        _ id: String, name: String, version: FunctionVersion
    ) async throws(FunctionStoreError) {
        try await write { [path] db in
            guard try Self.configuration(name, version, db, path) != nil else {
                throw FunctionStoreError.notFound(name, version)
            }
            try Self.record(id, name, version, db)
        }
    }

    package func snapshotID(name: String, version: FunctionVersion) async throws(FunctionStoreError) -> String? {
        try await read { db in
            try String.fetchOne(
                db, sql: "SELECT id FROM snapshot WHERE functionName = ? AND number = ?",
                arguments: [name, version.column])
        }
    }

    package func removeSnapshot(_ id: String) async throws(FunctionStoreError) {
        try await write { db in try db.execute(sql: "DELETE FROM snapshot WHERE id = ?", arguments: [id]) }
    }

    package func allSnapshotIDs() async throws(FunctionStoreError) -> Set<String> {
        try await read { db in try String.fetchSet(db, sql: "SELECT id FROM snapshot") }
    }

    package func snapshotUses() async throws(FunctionStoreError) -> [SnapshotUse] {
        try await read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM snapshot ORDER BY functionName, number").map { row in
                let usedAt: Double? = row["usedAt"]
                return SnapshotUse(
                    id: row["id"], functionName: row["functionName"], version: FunctionVersion(column: row["number"]),
                    usedAt: usedAt.map { Date(timeIntervalSince1970: $0) })
            }
        }
    }

    package func noteUse(ofSnapshots ids: [String], at date: Date) async throws(FunctionStoreError) {
        guard !ids.isEmpty else { return }
        try await write { db in
            let statement = try db.makeStatement(sql: "UPDATE snapshot SET usedAt = ? WHERE id = ?")
            for id in ids { try statement.execute(arguments: [date.timeIntervalSince1970, id]) }
        }
    }

    static func record(_ id: String, _ name: String, _ version: FunctionVersion, _ db: Database) throws {
        let owner = try Row.fetchOne(
            db, sql: "SELECT functionName FROM snapshot WHERE id = ? AND (functionName, number) <> (?, ?)",
            arguments: [id, name, version.column])
        guard owner == nil else {
            throw FunctionStoreError.invalid("snapshot \(id) belongs to another version than \(version) of \(name)")
        }
        try db.execute(
            sql: """
                INSERT INTO snapshot (functionName, number, id) VALUES (?, ?, ?)
                ON CONFLICT (functionName, number) DO UPDATE SET id = excluded.id
                """,
            arguments: [name, version.column, id])
    }
}
