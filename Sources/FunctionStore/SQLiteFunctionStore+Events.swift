package import FunctionModel
import GRDB

import struct Foundation.Data
import class Foundation.JSONDecoder

extension SQLiteFunctionStore: EventStore {
    package func commit(_ changes: [EventChange]) async throws(FunctionStoreError) -> [EventOutcome] {
        try await write { db in try changes.map { try Self.make($0, db) } }
    }

    private static func make(_ change: EventChange, _ db: Database) throws -> EventOutcome {
        switch change {
        case .add(let event):
            let statement = try db.cachedStatement(
                sql: """
                    INSERT INTO event
                      (functionName, qualifier, requestID, traceID, clientContext, payload, acceptedAt, dueAt, attempts)
                    SELECT :function, :qualifier, :request, :trace, :context, :payload, :accepted, :accepted, 0
                    WHERE EXISTS (SELECT 1 FROM function WHERE name = :function)
                    """)
            try statement.execute(arguments: [
                "function": event.functionName, "qualifier": event.qualifier, "request": event.requestID,
                "trace": event.traceID, "context": event.clientContext, "payload": Data(event.payload),
                "accepted": event.acceptedAt,
            ])
            return db.changesCount == 1 ? .added(db.lastInsertedRowID) : .gone
        case .postpone(let id, let attempts, let dueAt):
            try db.cachedStatement(sql: "UPDATE event SET attempts = ?, dueAt = ? WHERE id = ?")
                .execute(arguments: [attempts, dueAt, id])
        case .end(let id, let deliveries, let attempts, let dueAt):
            try db.cachedStatement(sql: "UPDATE event SET deliveries = ?, attempts = ?, dueAt = ? WHERE id = ?")
                .execute(arguments: [deliveries, attempts, dueAt, id])
        case .remove(let id):
            try db.cachedStatement(sql: "DELETE FROM event WHERE id = ?").execute(arguments: [id])
        }
        return db.changesCount == 1 ? .changed : .gone
    }

    package func waitingEvents(after id: Int64, limit: Int) async throws(FunctionStoreError) -> [WaitingEvent] {
        try await read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT id, functionName, dueAt, length(payload) AS size FROM event WHERE id > ? ORDER BY id LIMIT ?
                    """,
                arguments: [id, limit])
            return rows.map {
                WaitingEvent(id: $0["id"], functionName: $0["functionName"], dueAt: $0["dueAt"], size: $0["size"])
            }
        }
    }

    package func event(_ id: Int64) async throws(FunctionStoreError) -> StoredEvent? {
        try await read { db in
            guard let row = try Row.fetchOne(db, sql: "SELECT * FROM event WHERE id = ?", arguments: [id]) else {
                return nil
            }
            let payload: Data = row["payload"]
            let event = Event(
                functionName: row["functionName"], qualifier: row["qualifier"], requestID: row["requestID"],
                traceID: row["traceID"], clientContext: row["clientContext"], payload: Array(payload),
                acceptedAt: row["acceptedAt"])
            return StoredEvent(id: id, event: event, attempts: row["attempts"], deliveries: row["deliveries"])
        }
    }

    package func eventInvokeConfiguration(
        of function: String, qualifier: String
    ) async throws(FunctionStoreError) -> EventInvokeConfiguration? {
        try await read { db in
            try String.fetchOne(
                db,
                sql: "SELECT configuration FROM eventInvokeConfiguration WHERE functionName = ? AND qualifier = ?",
                arguments: [function, qualifier]
            ).map(Self.configuration)
        }
    }

    package func eventInvokeConfigurations(
        of function: String, page: ListPage
    ) async throws(FunctionStoreError) -> Page<EventInvokeConfiguration> {
        let after = try ListMarker(page.marker)
        let limit = max(1, page.limit)
        return try await read { db in
            let texts = try String.fetchAll(
                db,
                sql: """
                    SELECT configuration FROM eventInvokeConfiguration
                    WHERE functionName = :function AND qualifier > :qualifier ORDER BY qualifier LIMIT :limit
                    """,
                arguments: ["function": function, "qualifier": after.name, "limit": limit + 1])
            return try Page(texts, limit: limit) {
                try Self.configuration($0)
            } after: {
                ListMarker(afterName: $0.qualifier)
            }
        }
    }

    package func setEventInvokeConfiguration(
        _ configuration: EventInvokeConfiguration
    ) async throws(FunctionStoreError) {
        try await write { db in
            guard try Self.exists(configuration.functionName, db) else {
                throw FunctionStoreError.notFound(configuration.functionName)
            }
            try db.execute(
                sql: """
                    INSERT INTO eventInvokeConfiguration (functionName, qualifier, configuration)
                    VALUES (:function, :qualifier, :configuration)
                    ON CONFLICT DO UPDATE SET configuration = :configuration
                    """,
                arguments: [
                    "function": configuration.functionName, "qualifier": configuration.qualifier,
                    "configuration": try JSONText.encode(configuration),
                ])
        }
    }

    package func removeEventInvokeConfiguration(
        of function: String, qualifier: String
    ) async throws(FunctionStoreError) -> Bool {
        try await write { db in
            try db.execute(
                sql: "DELETE FROM eventInvokeConfiguration WHERE functionName = ? AND qualifier = ?",
                arguments: [function, qualifier])
            return db.changesCount > 0
        }
    }

    private static func configuration(_ text: String) throws -> EventInvokeConfiguration {
        try JSONDecoder().decode(EventInvokeConfiguration.self, from: Data(text.utf8))
    }
}
