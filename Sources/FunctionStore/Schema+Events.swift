import GRDB

extension Schema {
    /// Events wait in the order in which they came. One that has ended waits for its record to be delivered.
    static func registerEvents(_ migrator: inout DatabaseMigrator) {
        migrator.registerMigration("events") { db in
            try db.execute(
                sql: """
                    CREATE TABLE event (
                      id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
                      functionName TEXT NOT NULL REFERENCES function (name) ON DELETE CASCADE,
                      -- As the caller wrote it; NULL when there was none.
                      qualifier TEXT,
                      requestID TEXT NOT NULL,
                      traceID TEXT,
                      clientContext TEXT,
                      payload BLOB NOT NULL,
                      -- Milliseconds since 1970.
                      acceptedAt INTEGER NOT NULL,
                      dueAt INTEGER NOT NULL,
                      -- How often the function has been tried, or of one that has ended, its deliveries.
                      attempts INTEGER NOT NULL,
                      -- Of an event that has ended: where what remains to be told of it.
                      deliveries TEXT
                    ) STRICT;
                    CREATE INDEX eventByFunction ON event (functionName);

                    -- configuration is the truth.
                    CREATE TABLE eventInvokeConfiguration (
                      functionName TEXT NOT NULL REFERENCES function (name) ON DELETE CASCADE,
                      qualifier TEXT NOT NULL,
                      configuration TEXT NOT NULL,
                      PRIMARY KEY (functionName, qualifier)
                    ) STRICT, WITHOUT ROWID;

                    CREATE TRIGGER eventInvokeConfigurationOfVersion AFTER DELETE ON version BEGIN
                      DELETE FROM eventInvokeConfiguration
                      WHERE functionName = OLD.functionName AND qualifier = CAST(OLD.number AS TEXT);
                    END;
                    CREATE TRIGGER eventInvokeConfigurationOfAlias AFTER DELETE ON alias BEGIN
                      DELETE FROM eventInvokeConfiguration
                      WHERE functionName = OLD.functionName AND qualifier = OLD.name;
                    END;
                    """)
        }
    }
}
