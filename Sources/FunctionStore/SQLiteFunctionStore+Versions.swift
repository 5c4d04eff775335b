package import FunctionModel
import GRDB
internal import SystemPackage

/// Publishing and listing.
extension SQLiteFunctionStore {
    package func publish(
        name: String, deciding decide: @Sendable (PublishCandidate) throws(LambdaError) -> PublishDecision
    ) async throws(FunctionStoreError) -> PublishOutcome {
        try await write { [path] db in
            guard
                let number = try Int.fetchOne(
                    db, sql: "SELECT nextNumber FROM function WHERE name = ?", arguments: [name]),
                let latest = try Self.configuration(name, .latest, db, path)
            else { throw FunctionStoreError.notFound(name) }
            let candidate = PublishCandidate(
                latest: latest, lastPublished: try Self.lastPublished(name, db, path), number: number)
            switch try decide(candidate) {
            case .keep(let configuration):
                return PublishOutcome(configuration: configuration, isNew: false)
            case .publish(let configuration):
                guard configuration.functionName == name, configuration.version == .published(number) else {
                    throw FunctionStoreError.invalid(
                        """
                        version \(number) of \(name) cannot be \(configuration.version) of \
                        \(configuration.functionName)
                        """)
                }
                try VersionRow(configuration).insert(db)
                // A publish shows in $LATEST as a new revision.
                var marked = latest
                marked.revisionID = FunctionConfiguration.makeRevisionID()
                try VersionRow(marked).update(db)
                try db.execute(
                    sql: "UPDATE function SET nextNumber = ? WHERE name = ?", arguments: [number + 1, name])
                return PublishOutcome(configuration: configuration, isNew: true)
            }
        }
    }

    package func lastPublished(_ name: String) async throws(FunctionStoreError) -> FunctionConfiguration? {
        try await read { [path] db in try Self.lastPublished(name, db, path) }
    }

    package func list(allVersions: Bool, page: ListPage) async throws(FunctionStoreError) -> ListedPage {
        let after = try ListMarker(page.marker)
        let limit = max(1, page.limit)
        return try await read { [path] db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM version
                    WHERE (functionName, number) > (:name, :number) AND (:all OR number = 0)
                    ORDER BY functionName, number LIMIT :limit
                    """,
                arguments: ["name": after.name, "number": after.number, "all": allVersions, "limit": limit + 1])
            return try Self.page(rows, limit: limit, path)
        }
    }

    package func versions(of name: String, page: ListPage) async throws(FunctionStoreError) -> ListedPage {
        let after = try ListMarker(page.marker)
        guard page.marker == nil || after.name == name else {
            throw .invalid("the marker does not belong to the versions of \(name)")
        }
        let limit = max(1, page.limit)
        return try await read { [path] db in
            guard try Self.exists(name, db) else { throw FunctionStoreError.notFound(name) }
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM version WHERE functionName = :name AND number > :number
                    ORDER BY number LIMIT :limit
                    """,
                arguments: ["name": name, "number": after.number, "limit": limit + 1])
            return try Self.page(rows, limit: limit, path)
        }
    }

    package func unfinished() async throws(FunctionStoreError) -> [FunctionConfiguration] {
        try await read { [path] db in
            let rows = try Row.fetchAll(
                db, sql: "SELECT * FROM version WHERE isUnfinished ORDER BY functionName, number")
            return try rows.map { try VersionRow($0, in: path).configuration }
        }
    }

    private static func lastPublished(
        _ name: String, _ db: Database, _ path: FilePath
    ) throws -> FunctionConfiguration? {
        let row = try Row.fetchOne(
            db,
            sql: "SELECT * FROM version WHERE functionName = ? AND number > 0 ORDER BY number DESC LIMIT 1",
            arguments: [name])
        return try row.map { try VersionRow($0, in: path).configuration }
    }

    /// - Parameter rows: one more than `limit` if there is a further page.
    private static func page(_ rows: [Row], limit: Int, _ path: FilePath) throws -> ListedPage {
        try Page(rows, limit: limit) {
            try VersionRow($0, in: path).configuration
        } after: {
            ListMarker(after: $0)
        }
    }
}
