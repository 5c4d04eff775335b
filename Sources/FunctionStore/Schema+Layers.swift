import GRDB

extension Schema {
    /// A layer's row stays when its versions are gone, so that no number is given out twice. `versionLayer` follows what functions'
    /// versions have, for nobody else to have to think of it: it says which archives are still of use.
    static func registerLayers(_ migrator: inout DatabaseMigrator) {
        migrator.registerMigration("layers") { db in
            try db.execute(
                sql: """
                    CREATE TABLE layer (
                      name TEXT NOT NULL PRIMARY KEY,
                      nextNumber INTEGER NOT NULL
                    ) STRICT, WITHOUT ROWID;

                    CREATE TABLE layerVersion (
                      layerName TEXT NOT NULL REFERENCES layer (name),
                      number INTEGER NOT NULL,
                      codeSha256 TEXT NOT NULL,
                      configuration TEXT NOT NULL,
                      policyRevisionID TEXT,
                      policyStatements TEXT,
                      PRIMARY KEY (layerName, number)
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX layerVersionByCode ON layerVersion (codeSha256);

                    CREATE TABLE versionLayer (
                      functionName TEXT NOT NULL,
                      number INTEGER NOT NULL,
                      codeSha256 TEXT NOT NULL,
                      PRIMARY KEY (functionName, number, codeSha256),
                      FOREIGN KEY (functionName, number) REFERENCES version ON DELETE CASCADE
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX versionLayerByCode ON versionLayer (codeSha256);

                    CREATE TRIGGER layersOfNewVersion AFTER INSERT ON version
                    WHEN \(layers(of: "NEW")) IS NOT NULL BEGIN
                      INSERT OR IGNORE INTO versionLayer
                        SELECT NEW.functionName, NEW.number, value ->> '$.code.sha256'
                        FROM json_each(\(layers(of: "NEW")));
                    END;
                    CREATE TRIGGER layersOfVersion AFTER UPDATE ON version
                    WHEN \(layers(of: "NEW")) IS NOT \(layers(of: "OLD")) BEGIN
                      DELETE FROM versionLayer WHERE functionName = NEW.functionName AND number = NEW.number;
                      INSERT OR IGNORE INTO versionLayer
                        SELECT NEW.functionName, NEW.number, value ->> '$.code.sha256'
                        FROM json_each(\(layers(of: "NEW")));
                    END;
                    """)
        }
    }

    /// None in a damaged row, which may be deleted or written anew like any other.
    private static func layers(of row: String) -> String {
        "iif(json_valid(\(row).configuration), \(row).configuration -> '$.layers', NULL)"
    }
}
