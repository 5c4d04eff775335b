import FunctionModel
import FunctionStore
import Testing

import struct Foundation.Date

@Suite("The tables of events and concurrency")
struct EventTableTests {
    private static func event(_ id: String, of name: String = "orders") -> Event {
        Event(functionName: name, qualifier: nil, requestID: id, payload: Array(id.utf8), acceptedAt: 1_000)
    }

    @Test("many changes are made at once, and each says what came of it")
    func batch() async throws {
        try await withStore { store, _ in
            let code = try await store.storeCode(Array("zip".utf8))
            try await store.create(.sample(code: code), tags: [:])
            let outcomes = try await store.commit([
                .add(Self.event("a")), .add(Self.event("b", of: "nobody")), .add(Self.event("c")), .remove(id: 99),
            ])
            guard case .added(let first) = outcomes[0], case .added(let third) = outcomes[2] else {
                Issue.record("\(outcomes)")
                return
            }
            #expect(outcomes[1] == .gone && outcomes[3] == .gone)
            #expect(try await store.waitingEvents(after: 0, limit: 9).map(\.id) == [first, third])
            let changes: [EventChange] = [
                .postpone(id: first, attempts: 1, dueAt: 61_000),
                .end(id: third, deliveries: "[]", attempts: 0, dueAt: 2_000),
            ]
            #expect(try await store.commit(changes) == [.changed, .changed])
            let stored = try await store.event(first)
            #expect(stored?.attempts == 1 && stored?.event.payload == Array("a".utf8))
            #expect(try await store.event(third)?.deliveries == "[]")
            #expect(try await store.commit([.remove(id: first)]) == [.changed])
            #expect(try await store.event(first) == nil)
        }
    }

    @Test("what belongs to a function goes with it")
    func cascade() async throws {
        try await withStore { store, _ in
            let code = try await store.storeCode(Array("zip".utf8))
            try await store.create(.sample(code: code), tags: [:])
            _ = try await store.commit([.add(Self.event("a"))])
            try await store.setReservedConcurrency(3, of: "orders")
            try await store.setEventInvokeConfiguration(
                EventInvokeConfiguration(
                    functionName: "orders", qualifier: "$LATEST", maximumRetryAttempts: 1,
                    lastModified: Date(timeIntervalSince1970: 1)))
            #expect(try await store.reservedConcurrency() == ["orders": 3])
            try await store.delete(name: "orders")
            #expect(try await store.reservedConcurrency().isEmpty)
            #expect(try await store.waitingEvents(after: 0, limit: 9).isEmpty)
            #expect(try await store.eventInvokeConfiguration(of: "orders", qualifier: "$LATEST") == nil)
        }
    }

    @Test("what is configured for a version goes with the version")
    func version() async throws {
        try await withStore { store, _ in
            let code = try await store.storeCode(Array("zip".utf8))
            try await store.create(.sample(code: code), tags: [:])
            let version = try await store.publishLatest().version
            for qualifier in ["$LATEST", version.qualifier] {
                try await store.setEventInvokeConfiguration(
                    EventInvokeConfiguration(
                        functionName: "orders", qualifier: qualifier, lastModified: Date(timeIntervalSince1970: 1)))
            }
            try await store.delete(name: "orders", version: version)
            let left = try await store.eventInvokeConfigurations(of: "orders", page: ListPage()).items
            #expect(left.map(\.qualifier) == ["$LATEST"])
        }
    }
}
