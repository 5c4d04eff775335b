package import FunctionModel
import GRDB

import struct Foundation.Date

extension SQLiteFunctionStore: ConcurrencyStore {
    package func reservedConcurrency() async throws(FunctionStoreError) -> [String: Int] {
        try await read { db in
            let rows = try Row.fetchAll(db, sql: "SELECT * FROM reservedConcurrency")
            return Dictionary(
                rows.map { ($0["functionName"] as String, $0["executions"] as Int) }, uniquingKeysWith: { $1 })
        }
    }

    package func setReservedConcurrency(
        _ executions: Int?, of function: String
    ) async throws(FunctionStoreError) {
        try await write { db in
            guard try Self.exists(function, db) else { throw FunctionStoreError.notFound(function) }
            guard let executions else {
                return try db.execute(
                    sql: "DELETE FROM reservedConcurrency WHERE functionName = ?", arguments: [function])
            }
            try db.execute(
                sql: """
                    INSERT INTO reservedConcurrency (functionName, executions) VALUES (:function, :executions)
                    ON CONFLICT DO UPDATE SET executions = :executions
                    """,
                arguments: ["function": function, "executions": executions])
        }
    }

    package func provisionedFunctions() async throws(FunctionStoreError) -> [String] {
        try await read { db in
            try String.fetchAll(
                db, sql: "SELECT DISTINCT functionName FROM provisionedConcurrency ORDER BY functionName")
        }
    }

    package func provisionedConcurrency(
        of function: String
    ) async throws(FunctionStoreError) -> [ProvisionedConcurrency] {
        try await provisionedConcurrency(of: function, page: ListPage(limit: .max - 1)).items
    }

    package func provisionedConcurrency(
        of function: String, page: ListPage
    ) async throws(FunctionStoreError) -> Page<ProvisionedConcurrency> {
        let after = try ListMarker(page.marker)
        let limit = max(1, page.limit)
        return try await read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM provisionedConcurrency
                    WHERE functionName = :function AND qualifier > :qualifier ORDER BY qualifier LIMIT :limit
                    """,
                arguments: ["function": function, "qualifier": after.name, "limit": limit + 1])
            return Page(rows, limit: limit) {
                ProvisionedConcurrency(
                    functionName: $0["functionName"], qualifier: $0["qualifier"], requested: $0["requested"],
                    lastModified: Date(timeIntervalSince1970: $0["lastModified"]))
            } after: {
                ListMarker(afterName: $0.qualifier)
            }
        }
    }

    package func setProvisionedConcurrency(
        _ configuration: ProvisionedConcurrency
    ) async throws(FunctionStoreError) {
        try await write { db in
            guard try Self.exists(configuration.functionName, db) else {
                throw FunctionStoreError.notFound(configuration.functionName)
            }
            try db.execute(
                sql: """
                    INSERT INTO provisionedConcurrency (functionName, qualifier, requested, lastModified)
                    VALUES (:function, :qualifier, :requested, :modified)
                    ON CONFLICT DO UPDATE SET requested = :requested, lastModified = :modified
                    """,
                arguments: [
                    "function": configuration.functionName, "qualifier": configuration.qualifier,
                    "requested": configuration.requested,
                    "modified": configuration.lastModified.timeIntervalSince1970,
                ])
        }
    }

    package func removeProvisionedConcurrency(
        of function: String, qualifier: String
    ) async throws(FunctionStoreError) {
        try await write { db in
            try db.execute(
                sql: "DELETE FROM provisionedConcurrency WHERE functionName = ? AND qualifier = ?",
                arguments: [function, qualifier])
        }
    }
}
