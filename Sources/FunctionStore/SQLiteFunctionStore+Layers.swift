package import FunctionModel
import GRDB
internal import SystemPackage

import struct Foundation.Data
import class Foundation.JSONDecoder

extension SQLiteFunctionStore: LayerStore {
    package func publish(_ layer: LayerVersion) async throws(FunctionStoreError) -> LayerVersion {
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO layer (name, nextNumber) VALUES (?, 2)
                    ON CONFLICT (name) DO UPDATE SET nextNumber = nextNumber + 1
                    """,
                arguments: [layer.layerName])
            var published = layer
            published.number =
                try Int.fetchOne(
                    db, sql: "SELECT nextNumber - 1 FROM layer WHERE name = ?", arguments: [layer.layerName]) ?? 1
            try db.execute(
                sql: "INSERT INTO layerVersion (layerName, number, codeSha256, configuration) VALUES (?, ?, ?, ?)",
                arguments: [
                    published.layerName, published.number, published.code.sha256, try JSONText.encode(published),
                ])
            return published
        }
    }

    package func layerVersion(
        _ name: String, _ number: Int
    ) async throws(FunctionStoreError) -> LayerVersion? {
        try await read { [path] db in
            try Row.fetchOne(
                db, sql: "SELECT * FROM layerVersion WHERE layerName = ? AND number = ?", arguments: [name, number]
            ).map { try Self.layerVersion($0, path) }
        }
    }

    package func layers(
        _ filter: LayerFilter, page: ListPage
    ) async throws(FunctionStoreError) -> Page<LayerVersion> {
        let after = try ListMarker(page.marker)
        let limit = max(1, page.limit)
        return try await read { [path] db in
            // Of a group's other columns SQLite gives those of the row that has the maximum.
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT layerName, max(number) AS number, configuration FROM layerVersion
                    WHERE layerName > :after AND \(Self.condition) GROUP BY layerName ORDER BY layerName LIMIT :limit
                    """,
                arguments: Self.arguments(filter, ["after": after.name, "limit": limit + 1]))
            return try Page(rows, limit: limit) {
                try Self.layerVersion($0, path)
            } after: {
                ListMarker(afterName: $0.layerName)
            }
        }
    }

    package func layerVersions(
        of name: String, _ filter: LayerFilter, page: ListPage
    ) async throws(FunctionStoreError) -> Page<LayerVersion> {
        let before = page.marker == nil ? Int.max : try ListMarker(page.marker).number
        let limit = max(1, page.limit)
        return try await read { [path] db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM layerVersion WHERE layerName = :name AND number < :before AND \(Self.condition)
                    ORDER BY number DESC LIMIT :limit
                    """,
                arguments: Self.arguments(filter, ["name": name, "before": before, "limit": limit + 1]))
            return try Page(rows, limit: limit) {
                try Self.layerVersion($0, path)
            } after: {
                ListMarker(after: $0)
            }
        }
    }

    package func deleteLayerVersion(_ name: String, _ number: Int) async throws(FunctionStoreError) {
        let code = try await write { db in
            let arguments: StatementArguments = [name, number]
            let digest = try String.fetchOne(
                db, sql: "SELECT codeSha256 FROM layerVersion WHERE layerName = ? AND number = ?", arguments: arguments)
            try db.execute(sql: "DELETE FROM layerVersion WHERE layerName = ? AND number = ?", arguments: arguments)
            return digest
        }
        if let code { await removeUnreferenced([CodeReference(sha256: code, size: 0)]) }
    }

    package func layerPolicy(_ name: String, _ number: Int) async throws(FunctionStoreError) -> FunctionPolicy? {
        try await read { [path] db in try Self.layerPolicy(name, number, db, path) }
    }

    package func setLayerPolicy(
        _ policy: FunctionPolicy, of name: String, _ number: Int, expectedRevision: String?
    ) async throws(FunctionStoreError) {
        try await write { [path] db in
            let present = try Self.layerPolicy(name, number, db, path)?.revisionID
            guard present == expectedRevision else {
                throw FunctionStoreError(
                    code: .revisionMismatch,
                    message: """
                        the policy of version \(number) of layer \(name) has revision \(present ?? "none"), not \
                        \(expectedRevision ?? "none"): read it again and repeat the change
                        """)
            }
            let isEmpty = policy.statements.isEmpty
            try db.execute(
                sql: """
                    UPDATE layerVersion SET policyRevisionID = ?, policyStatements = ? WHERE layerName = ? AND number = ?
                    """,
                arguments: [
                    isEmpty ? nil : policy.revisionID, isEmpty ? nil : try JSONText.encode(policy.statements), name,
                    number,
                ])
            guard db.changesCount > 0 else {
                throw FunctionStoreError(
                    code: .notFound, message: "version \(number) of layer \(name) does not exist")
            }
        }
    }

    private static let condition = """
        (:runtime IS NULL OR EXISTS
          (SELECT 1 FROM json_each(configuration, '$.compatibleRuntimes') WHERE value = :runtime))
        AND (:architecture IS NULL OR EXISTS
          (SELECT 1 FROM json_each(configuration, '$.compatibleArchitectures') WHERE value = :architecture))
        """

    private static func arguments(
        _ filter: LayerFilter, _ others: [String: any DatabaseValueConvertible]
    ) -> StatementArguments {
        var arguments: [String: (any DatabaseValueConvertible)?] = others
        arguments["runtime"] = .some(filter.runtime)
        arguments["architecture"] = .some(filter.architecture)
        return StatementArguments(arguments)
    }

    private static func layerPolicy(
        _ name: String, _ number: Int, _ db: Database, _ path: FilePath
    ) throws -> FunctionPolicy? {
        let row = try Row.fetchOne(
            db,
            sql: """
                SELECT policyRevisionID, policyStatements FROM layerVersion
                WHERE layerName = ? AND number = ? AND policyRevisionID IS NOT NULL
                """,
            arguments: [name, number])
        guard let row else { return nil }
        let text: String? = row["policyStatements"]
        do {
            return FunctionPolicy(
                revisionID: row["policyRevisionID"],
                statements: try JSONDecoder().decode([PolicyStatement].self, from: Data((text ?? "").utf8)))
        } catch {
            throw FunctionStoreError.corrupt("the policy of layer \(name)", in: path, "\(error)")
        }
    }

    private static func layerVersion(_ row: Row, _ path: FilePath) throws -> LayerVersion {
        let text: String = row["configuration"]
        do {
            return try JSONDecoder().decode(LayerVersion.self, from: Data(text.utf8))
        } catch {
            let name: String = row["layerName"]
            throw FunctionStoreError.corrupt("a version of layer \(name)", in: path, "\(error)")
        }
    }
}
