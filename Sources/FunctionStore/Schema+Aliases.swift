import GRDB

extension Schema {
    /// An alias goes with its function. A version that an alias leads to cannot go before it: that is looked at when the
    /// statement ends, so that a function can go with both.
    static func registerAliases(_ migrator: inout DatabaseMigrator) {
        migrator.registerMigration("aliases") { db in
            try db.execute(
                sql: """
                    CREATE TABLE alias (
                      functionName TEXT NOT NULL REFERENCES function (name) ON DELETE CASCADE,
                      name TEXT NOT NULL,
                      number INTEGER NOT NULL,
                      additionalNumber INTEGER,
                      weight REAL,
                      description TEXT NOT NULL,
                      revisionID TEXT NOT NULL,
                      PRIMARY KEY (functionName, name),
                      FOREIGN KEY (functionName, number) REFERENCES version (functionName, number),
                      FOREIGN KEY (functionName, additionalNumber) REFERENCES version (functionName, number)
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX aliasByVersion ON alias (functionName, number);
                    CREATE INDEX aliasByAdditionalVersion ON alias (functionName, additionalNumber);
                    """)
        }
    }
}
