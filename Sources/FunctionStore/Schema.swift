internal import FunctionModel
import GRDB
internal import SystemPackage

import struct Foundation.Data
import class Foundation.JSONDecoder
import class Foundation.JSONEncoder

/// The tables and how they came to be. A migration is never changed once released: the next one changes what it made.
enum Schema {
    static let migrator: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 functions, versions, snapshots") { db in
            // nextNumber only grows: numbers of deleted versions are not given out again.
            try db.execute(
                sql: """
                    CREATE TABLE function (
                      name TEXT NOT NULL PRIMARY KEY,
                      nextNumber INTEGER NOT NULL,
                      tags TEXT NOT NULL
                    ) STRICT, WITHOUT ROWID;

                    -- number 0 is $LATEST. configuration is the truth; the columns beside it are what is searched for.
                    CREATE TABLE version (
                      functionName TEXT NOT NULL REFERENCES function (name) ON DELETE CASCADE,
                      number INTEGER NOT NULL,
                      revisionID TEXT NOT NULL,
                      codeSha256 TEXT NOT NULL,
                      isUnfinished INTEGER NOT NULL,
                      configuration TEXT NOT NULL,
                      PRIMARY KEY (functionName, number)
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX versionByCode ON version (codeSha256);
                    CREATE INDEX versionUnfinished ON version (isUnfinished) WHERE isUnfinished;

                    CREATE TABLE snapshot (
                      functionName TEXT NOT NULL,
                      number INTEGER NOT NULL,
                      id TEXT NOT NULL UNIQUE,
                      PRIMARY KEY (functionName, number),
                      FOREIGN KEY (functionName, number) REFERENCES version ON DELETE CASCADE
                    ) STRICT, WITHOUT ROWID;
                    """)
        }
        registerAliases(&migrator)
        registerAccount(&migrator)
        registerAccess(&migrator)
        registerEventSources(&migrator)
        registerConcurrency(&migrator)
        registerEvents(&migrator)
        registerLayers(&migrator)
        registerSnapshotUse(&migrator)
        return migrator
    }()
}

extension FunctionVersion {
    /// The version's `number` column.
    var column: Int {
        switch self {
        case .latest: 0
        case .published(let number): number
        }
    }

    init(column: Int) { self = column == 0 ? .latest : .published(column) }
}

/// A row of `version`.
struct VersionRow: Sendable {
    var configuration: FunctionConfiguration

    /// - Parameter row: must have `functionName`, `number` and `configuration`.
    init(_ row: Row, in path: FilePath) throws {
        let name: String = row["functionName"]
        let version = FunctionVersion(column: row["number"])
        let text: String = row["configuration"]
        do {
            configuration = try JSONDecoder().decode(FunctionConfiguration.self, from: Data(text.utf8))
        } catch {
            throw FunctionStoreError.corrupt("version \(version) of function \(name)", in: path, "\(error)")
        }
    }

    init(_ configuration: FunctionConfiguration) { self.configuration = configuration }

    func insert(_ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO version (functionName, number, revisionID, codeSha256, isUnfinished, configuration)
                VALUES (:name, :number, :revision, :code, :unfinished, :configuration)
                """,
            arguments: try arguments())
    }

    func update(_ db: Database) throws {
        try db.execute(
            sql: """
                UPDATE version SET revisionID = :revision, codeSha256 = :code, isUnfinished = :unfinished,
                  configuration = :configuration
                WHERE functionName = :name AND number = :number
                """,
            arguments: try arguments())
    }

    private func arguments() throws -> StatementArguments {
        [
            "name": configuration.functionName, "number": configuration.version.column,
            "revision": configuration.revisionID, "code": configuration.code.sha256,
            "unfinished": configuration.isUnfinished, "configuration": try JSONText.encode(configuration),
        ]
    }
}

/// Values that are kept as JSON in a column, with sorted keys: equal values are equal texts.
package enum JSONText {
    package static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
