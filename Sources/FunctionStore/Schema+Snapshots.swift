import GRDB

extension Schema {
    /// When a snapshot's version was invoked last, in seconds since 1970, or when that began to be noted; NULL until then.
    static func registerSnapshotUse(_ migrator: inout DatabaseMigrator) {
        migrator.registerMigration("snapshot use") { db in
            try db.execute(sql: "ALTER TABLE snapshot ADD COLUMN usedAt REAL")
        }
    }
}
