package import FunctionModel
import GRDB

extension SQLiteFunctionStore: AliasStore {
    package func alias(_ name: String, of function: String) async throws(FunctionStoreError) -> FunctionAlias? {
        try await read { db in
            try Row.fetchOne(
                db, sql: "SELECT * FROM alias WHERE functionName = ? AND name = ?", arguments: [function, name]
            ).map(FunctionAlias.init)
        }
    }

    package func aliases(
        of function: String, version: FunctionVersion?, page: ListPage
    ) async throws(FunctionStoreError) -> Page<FunctionAlias> {
        let after = try ListMarker(page.marker)
        let limit = max(1, page.limit)
        return try await read { db in
            guard try Self.exists(function, db) else { throw FunctionStoreError.notFound(function) }
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM alias
                    WHERE functionName = :function AND name > :name AND (:number IS NULL OR number = :number)
                    ORDER BY name LIMIT :limit
                    """,
                arguments: [
                    "function": function, "name": after.name, "number": version?.column, "limit": limit + 1,
                ])
            return Page(rows, limit: limit) {
                FunctionAlias($0)
            } after: {
                ListMarker(afterName: $0.name)
            }
        }
    }

    package func aliasNames(
        of function: String, leadingTo version: FunctionVersion
    ) async throws(FunctionStoreError) -> [String] {
        try await read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT name FROM alias
                    WHERE functionName = :function AND (number = :number OR additionalNumber = :number) ORDER BY name
                    """,
                arguments: ["function": function, "number": version.column])
        }
    }

    package func createAlias(_ alias: FunctionAlias) async throws(FunctionStoreError) {
        try await write { db in
            try Self.checkVersions(of: alias, db)
            guard try Self.revision(of: alias, db) == nil else {
                throw FunctionStoreError(
                    code: .alreadyExists, message: "alias \(alias.name) of \(alias.functionName) exists already")
            }
            try db.execute(
                sql: """
                    INSERT INTO alias (functionName, name, number, additionalNumber, weight, description, revisionID)
                    VALUES (:function, :name, :number, :additional, :weight, :description, :revision)
                    """,
                arguments: alias.arguments)
        }
    }

    package func updateAlias(_ alias: FunctionAlias, expectedRevision: String) async throws(FunctionStoreError) {
        try await write { db in
            try Self.checkVersions(of: alias, db)
            guard let found = try Self.revision(of: alias, db) else {
                throw FunctionStoreError(
                    code: .notFound, message: "alias \(alias.name) of \(alias.functionName) does not exist")
            }
            guard found == expectedRevision else {
                throw FunctionStoreError(
                    code: .revisionMismatch,
                    message: """
                        alias \(alias.name) of \(alias.functionName) has revision \(found), not \(expectedRevision): \
                        read it again and repeat the change
                        """)
            }
            try db.execute(
                sql: """
                    UPDATE alias SET number = :number, additionalNumber = :additional, weight = :weight,
                      description = :description, revisionID = :revision
                    WHERE functionName = :function AND name = :name
                    """,
                arguments: alias.arguments)
        }
    }

    package func deleteAlias(_ name: String, of function: String) async throws(FunctionStoreError) {
        try await write { db in
            try db.execute(
                sql: "DELETE FROM alias WHERE functionName = ? AND name = ?", arguments: [function, name])
        }
    }

    private static func revision(of alias: FunctionAlias, _ db: Database) throws -> String? {
        try String.fetchOne(
            db, sql: "SELECT revisionID FROM alias WHERE functionName = ? AND name = ?",
            arguments: [alias.functionName, alias.name])
    }

    private static func checkVersions(of alias: FunctionAlias, _ db: Database) throws {
        for version in alias.versions {
            let isThere = try Bool.fetchOne(
                db, sql: "SELECT EXISTS (SELECT 1 FROM version WHERE functionName = ? AND number = ?)",
                arguments: [alias.functionName, version.column])
            guard isThere == true else { throw FunctionStoreError.notFound(alias.functionName, version) }
        }
    }
}

extension FunctionAlias {
    fileprivate init(_ row: Row) {
        let additional: Int? = row["additionalNumber"]
        let weight: Double? = row["weight"]
        self.init(
            functionName: row["functionName"], name: row["name"], version: FunctionVersion(column: row["number"]),
            description: row["description"],
            shift: additional.map { Shift(version: FunctionVersion(column: $0), weight: weight ?? 0) },
            revisionID: row["revisionID"])
    }

    fileprivate var arguments: StatementArguments {
        [
            "function": functionName, "name": name, "number": version.column,
            "additional": shift?.version.column, "weight": shift?.weight, "description": description,
            "revision": revisionID,
        ]
    }
}
