package import FunctionModel
import GRDB
internal import SystemPackage

import struct Foundation.Data
import class Foundation.JSONDecoder

extension SQLiteFunctionStore: AccountStore {
    package func usage() async throws(FunctionStoreError) -> StoreUsage {
        try await read { db in
            let row = try Row.fetchOne(
                db,
                sql: """
                    SELECT (SELECT count(*) FROM function) AS functions,
                      (SELECT coalesce(sum(configuration ->> '$.code.size'), 0) FROM version)
                      + (SELECT coalesce(sum(configuration ->> '$.code.size'), 0) FROM layerVersion) AS codeSize
                    """)
            return StoreUsage(functions: row?["functions"] ?? 0, codeSize: row?["codeSize"] ?? 0)
        }
    }

    // MARK: - Code signing

    package func codeSigningConfiguration(
        _ id: String
    ) async throws(FunctionStoreError) -> CodeSigningConfiguration? {
        try await read { [path] db in
            try Row.fetchOne(db, sql: "SELECT * FROM codeSigningConfiguration WHERE id = ?", arguments: [id])
                .map { try Self.codeSigningConfiguration($0, path) }
        }
    }

    package func codeSigningConfigurations(
        page: ListPage
    ) async throws(FunctionStoreError) -> Page<CodeSigningConfiguration> {
        let after = try ListMarker(page.marker)
        let limit = max(1, page.limit)
        return try await read { [path] db in
            let rows = try Row.fetchAll(
                db, sql: "SELECT * FROM codeSigningConfiguration WHERE id > ? ORDER BY id LIMIT ?",
                arguments: [after.name, limit + 1])
            return try Page(rows, limit: limit) {
                try Self.codeSigningConfiguration($0, path)
            } after: {
                ListMarker(afterName: $0.id)
            }
        }
    }

    package func save(_ configuration: CodeSigningConfiguration) async throws(FunctionStoreError) {
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO codeSigningConfiguration (id, configuration) VALUES (?, ?)
                    ON CONFLICT (id) DO UPDATE SET configuration = excluded.configuration
                    """,
                arguments: [configuration.id, try JSONText.encode(configuration)])
        }
    }

    package func deleteCodeSigningConfiguration(_ id: String) async throws(FunctionStoreError) {
        try await write { db in
            try db.execute(sql: "DELETE FROM codeSigningConfiguration WHERE id = ?", arguments: [id])
        }
    }

    private static func codeSigningConfiguration(_ row: Row, _ path: FilePath) throws -> CodeSigningConfiguration {
        let text: String = row["configuration"]
        do {
            return try JSONDecoder().decode(CodeSigningConfiguration.self, from: Data(text.utf8))
        } catch {
            let id: String = row["id"]
            throw FunctionStoreError.corrupt("the code signing configuration \(id)", in: path, "\(error)")
        }
    }

    // MARK: - Of single functions

    package func setting(
        _ kind: FunctionSettingKind, of function: String, qualifier: String?
    ) async throws(FunctionStoreError) -> String? {
        try await read { db in
            try String.fetchOne(
                db, sql: "SELECT value FROM functionSetting WHERE functionName = ? AND kind = ? AND qualifier = ?",
                arguments: [function, kind.rawValue, qualifier ?? ""])
        }
    }

    package func set(
        _ kind: FunctionSettingKind, of function: String, qualifier: String?, to value: String?
    ) async throws(FunctionStoreError) {
        try await write { db in
            guard try Self.exists(function, db) else { throw FunctionStoreError.notFound(function) }
            guard let value else {
                try db.execute(
                    sql: "DELETE FROM functionSetting WHERE functionName = ? AND kind = ? AND qualifier = ?",
                    arguments: [function, kind.rawValue, qualifier ?? ""])
                return
            }
            try db.execute(
                sql: """
                    INSERT INTO functionSetting (functionName, kind, qualifier, value) VALUES (?, ?, ?, ?)
                    ON CONFLICT (functionName, kind, qualifier) DO UPDATE SET value = excluded.value
                    """,
                arguments: [function, kind.rawValue, qualifier ?? "", value])
        }
    }

    package func functions(
        with kind: FunctionSettingKind, equal value: String, page: ListPage
    ) async throws(FunctionStoreError) -> Page<String> {
        let after = try ListMarker(page.marker)
        let limit = max(1, page.limit)
        return try await read { db in
            let names = try String.fetchAll(
                db,
                sql: """
                    SELECT DISTINCT functionName FROM functionSetting WHERE kind = ? AND value = ? AND functionName > ?
                    ORDER BY functionName LIMIT ?
                    """,
                arguments: [kind.rawValue, value, after.name, limit + 1])
            return Page(names, limit: limit) {
                $0
            } after: {
                ListMarker(afterName: $0)
            }
        }
    }
}
