import GRDB

extension Schema {
    /// What is kept for a qualifier goes with the version or the alias that it names.
    static func registerConcurrency(_ migrator: inout DatabaseMigrator) {
        migrator.registerMigration("concurrency") { db in
            try db.execute(
                sql: """
                    CREATE TABLE reservedConcurrency (
                      functionName TEXT NOT NULL PRIMARY KEY REFERENCES function (name) ON DELETE CASCADE,
                      executions INTEGER NOT NULL
                    ) STRICT, WITHOUT ROWID;

                    CREATE TABLE provisionedConcurrency (
                      functionName TEXT NOT NULL REFERENCES function (name) ON DELETE CASCADE,
                      qualifier TEXT NOT NULL,
                      requested INTEGER NOT NULL,
                      lastModified REAL NOT NULL,
                      PRIMARY KEY (functionName, qualifier)
                    ) STRICT, WITHOUT ROWID;

                    CREATE TRIGGER provisionedConcurrencyOfVersion AFTER DELETE ON version BEGIN
                      DELETE FROM provisionedConcurrency
                      WHERE functionName = OLD.functionName AND qualifier = CAST(OLD.number AS TEXT);
                    END;
                    CREATE TRIGGER provisionedConcurrencyOfAlias AFTER DELETE ON alias BEGIN
                      DELETE FROM provisionedConcurrency
                      WHERE functionName = OLD.functionName AND qualifier = OLD.name;
                    END;
                    """)
        }
    }
}
