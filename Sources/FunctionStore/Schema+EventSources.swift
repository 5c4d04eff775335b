import GRDB

extension Schema {
    static func registerEventSources(_ migrator: inout DatabaseMigrator) {
        migrator.registerMigration("event source mappings") { db in
            try db.execute(
                sql: """
                    CREATE TABLE eventSourceMapping (
                      uuid TEXT NOT NULL PRIMARY KEY,
                      mapping TEXT NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    """)
        }
    }
}
