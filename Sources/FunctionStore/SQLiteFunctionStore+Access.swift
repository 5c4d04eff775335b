package import FunctionModel
import GRDB
internal import SystemPackage

import struct Foundation.Data
import class Foundation.JSONDecoder

extension SQLiteFunctionStore: AccessStore {
    package func policy(
        of function: String, qualifier: String?
    ) async throws(FunctionStoreError) -> FunctionPolicy? {
        try await read { [path] db in try Self.policy(function, qualifier, db, path) }
    }

    package func setPolicy(
        _ policy: FunctionPolicy, of function: String, qualifier: String?, expectedRevision: String?
    ) async throws(FunctionStoreError) {
        try await write { [path] db in
            guard try Self.exists(function, db) else { throw FunctionStoreError.notFound(function) }
            let present = try Self.policy(function, qualifier, db, path)?.revisionID
            guard present == expectedRevision else {
                throw FunctionStoreError(
                    code: .revisionMismatch,
                    message: """
                        the policy of \(function) has revision \(present ?? "none"), not \(expectedRevision ?? "none"): read it \
                        again and repeat the change
                        """)
            }
            guard !policy.statements.isEmpty else {
                return try db.execute(
                    sql: "DELETE FROM policy WHERE functionName = ? AND qualifier = ?",
                    arguments: [function, qualifier ?? ""])
            }
            try db.execute(
                sql: """
                    INSERT INTO policy (functionName, qualifier, revisionID, statements) VALUES (?, ?, ?, ?)
                    ON CONFLICT (functionName, qualifier)
                    DO UPDATE SET revisionID = excluded.revisionID, statements = excluded.statements
                    """,
                arguments: [
                    function, qualifier ?? "", policy.revisionID, try JSONText.encode(policy.statements),
                ])
        }
    }

    package func url(of function: String, qualifier: String?) async throws(FunctionStoreError) -> FunctionURL? {
        try await read { [path] db in try Self.url(function, qualifier, db, path) }
    }

    package func url(id: String) async throws(FunctionStoreError) -> (url: FunctionURL, policy: FunctionPolicy?)? {
        try await read { [path] db in
            guard let row = try Row.fetchOne(db, sql: "SELECT * FROM functionURL WHERE id = ?", arguments: [id])
            else { return nil }
            let url = try Self.url(row, path)
            return (url, try Self.policy(url.functionName, url.qualifier, db, path))
        }
    }

    package func urls(
        of function: String, page: ListPage
    ) async throws(FunctionStoreError) -> Page<FunctionURL> {
        let after = try page.marker.map { marker throws(FunctionStoreError) in try ListMarker(marker).name }
        let limit = max(1, page.limit)
        return try await read { [path] db in
            guard try Self.exists(function, db) else { throw FunctionStoreError.notFound(function) }
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM functionURL WHERE functionName = :function AND (:after IS NULL OR qualifier > :after)
                    ORDER BY qualifier LIMIT :limit
                    """,
                arguments: ["function": function, "after": after, "limit": limit + 1])
            return try Page(rows, limit: limit) {
                try Self.url($0, path)
            } after: {
                ListMarker(afterName: $0.qualifier ?? Self.ownURL)
            }
        }
    }

    /// Stands in markers for the function itself: behind its empty qualifier, before every alias.
    private static let ownURL = "$"

    package func createURL(_ url: FunctionURL) async throws(FunctionStoreError) {
        try await write { [path] db in
            guard try Self.exists(url.functionName, db) else { throw FunctionStoreError.notFound(url.functionName) }
            guard try Self.url(url.functionName, url.qualifier, db, path) == nil else {
                throw FunctionStoreError(
                    code: .alreadyExists, message: "\(url.functionName) has a URL already")
            }
            try db.execute(
                sql: "INSERT INTO functionURL (id, functionName, qualifier, configuration) VALUES (?, ?, ?, ?)",
                arguments: [url.id, url.functionName, url.qualifier ?? "", try JSONText.encode(url)])
        }
    }

    package func updateURL(_ url: FunctionURL) async throws(FunctionStoreError) {
        try await write { db in
            try db.execute(
                sql: "UPDATE functionURL SET configuration = ? WHERE id = ?",
                arguments: [try JSONText.encode(url), url.id])
            guard db.changesCount > 0 else {
                throw FunctionStoreError(code: .notFound, message: "\(url.functionName) has no URL any more")
            }
        }
    }

    package func deleteURL(
        of function: String, qualifier: String?
    ) async throws(FunctionStoreError) -> Bool {
        try await write { db in
            try db.execute(
                sql: "DELETE FROM functionURL WHERE functionName = ? AND qualifier = ?",
                arguments: [function, qualifier ?? ""])
            return db.changesCount > 0
        }
    }

    private static func policy(
        _ function: String, _ qualifier: String?, _ db: Database, _ path: FilePath
    ) throws -> FunctionPolicy? {
        let row = try Row.fetchOne(
            db, sql: "SELECT revisionID, statements FROM policy WHERE functionName = ? AND qualifier = ?",
            arguments: [function, qualifier ?? ""])
        guard let row else { return nil }
        let text: String = row["statements"]
        do {
            return FunctionPolicy(
                revisionID: row["revisionID"],
                statements: try JSONDecoder().decode([PolicyStatement].self, from: Data(text.utf8)))
        } catch {
            throw FunctionStoreError.corrupt("the policy of \(function)", in: path, "\(error)")
        }
    }

    private static func url(
        _ function: String, _ qualifier: String?, _ db: Database, _ path: FilePath
    ) throws -> FunctionURL? {
        try Row.fetchOne(
            db, sql: "SELECT * FROM functionURL WHERE functionName = ? AND qualifier = ?",
            arguments: [function, qualifier ?? ""]
        ).map { try url($0, path) }
    }

    private static func url(_ row: Row, _ path: FilePath) throws -> FunctionURL {
        let text: String = row["configuration"]
        do {
            return try JSONDecoder().decode(FunctionURL.self, from: Data(text.utf8))
        } catch {
            throw FunctionStoreError.corrupt("a function URL", in: path, "\(error)")
        }
    }
}
