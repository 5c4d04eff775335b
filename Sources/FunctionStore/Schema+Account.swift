import GRDB

extension Schema {
    /// A setting goes with its function; one of a whole function has an empty qualifier.
    static func registerAccount(_ migrator: inout DatabaseMigrator) {
        migrator.registerMigration("account") { db in
            try db.execute(
                sql: """
                    CREATE TABLE codeSigningConfiguration (
                      id TEXT NOT NULL PRIMARY KEY,
                      configuration TEXT NOT NULL
                    ) STRICT, WITHOUT ROWID;

                    CREATE TABLE functionSetting (
                      functionName TEXT NOT NULL REFERENCES function (name) ON DELETE CASCADE,
                      kind TEXT NOT NULL,
                      qualifier TEXT NOT NULL,
                      value TEXT NOT NULL,
                      PRIMARY KEY (functionName, kind, qualifier)
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX functionSettingByValue ON functionSetting (kind, value, functionName);
                    """)
        }
    }
}
