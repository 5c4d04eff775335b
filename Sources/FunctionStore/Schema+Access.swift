import GRDB

extension Schema {
    /// The qualifier is empty for the function itself. Policies and URLs go with the function by reference, and with a version or
    /// an alias by trigger, because a qualifier may be either.
    static func registerAccess(_ migrator: inout DatabaseMigrator) {
        migrator.registerMigration("policies, function URLs") { db in
            try db.execute(
                sql: """
                    CREATE TABLE policy (
                      functionName TEXT NOT NULL REFERENCES function (name) ON DELETE CASCADE,
                      qualifier TEXT NOT NULL,
                      revisionID TEXT NOT NULL,
                      statements TEXT NOT NULL,
                      PRIMARY KEY (functionName, qualifier)
                    ) STRICT, WITHOUT ROWID;

                    CREATE TABLE functionURL (
                      id TEXT NOT NULL PRIMARY KEY,
                      functionName TEXT NOT NULL REFERENCES function (name) ON DELETE CASCADE,
                      qualifier TEXT NOT NULL,
                      configuration TEXT NOT NULL,
                      UNIQUE (functionName, qualifier)
                    ) STRICT, WITHOUT ROWID;

                    CREATE TRIGGER accessOfVersion AFTER DELETE ON version BEGIN
                      DELETE FROM policy WHERE functionName = OLD.functionName AND qualifier = CAST(OLD.number AS TEXT);
                    END;
                    CREATE TRIGGER accessOfAlias AFTER DELETE ON alias BEGIN
                      DELETE FROM policy WHERE functionName = OLD.functionName AND qualifier = OLD.name;
                      DELETE FROM functionURL WHERE functionName = OLD.functionName AND qualifier = OLD.name;
                    END;
                    """)
        }
    }
}
