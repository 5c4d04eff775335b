package import FunctionModel
import GRDB
internal import SystemPackage

import struct Foundation.Data
import class Foundation.JSONDecoder

extension SQLiteFunctionStore: EventSourceStore {
    package func save(_ mapping: EventSourceMapping) async throws(FunctionStoreError) {
        try await write { db in
            try db.execute(
                sql: "INSERT OR REPLACE INTO eventSourceMapping (uuid, mapping) VALUES (?, ?)",
                arguments: [mapping.uuid, try JSONText.encode(mapping)])
        }
    }

    package func eventSourceMapping(_ uuid: String) async throws(FunctionStoreError) -> EventSourceMapping? {
        try await read { [path] db in
            try Row.fetchOne(db, sql: "SELECT * FROM eventSourceMapping WHERE uuid = ?", arguments: [uuid])
                .map { try Self.mapping($0, in: path) }
        }
    }

    package func eventSourceMappings() async throws(FunctionStoreError) -> [EventSourceMapping] {
        try await read { [path] db in
            try Row.fetchAll(db, sql: "SELECT * FROM eventSourceMapping ORDER BY uuid")
                .map { try Self.mapping($0, in: path) }
        }
    }

    package func deleteEventSourceMapping(_ uuid: String) async throws(FunctionStoreError) {
        try await write { db in
            try db.execute(sql: "DELETE FROM eventSourceMapping WHERE uuid = ?", arguments: [uuid])
        }
    }

    private static func mapping(_ row: Row, in path: FilePath) throws -> EventSourceMapping {
        let (uuid, text): (String, String) = (row["uuid"], row["mapping"])
        do {
            return try JSONDecoder().decode(EventSourceMapping.self, from: Data(text.utf8))
        } catch {
            throw FunctionStoreError.corrupt("event source mapping \(uuid)", in: path, "\(error)")
        }
    }
}
