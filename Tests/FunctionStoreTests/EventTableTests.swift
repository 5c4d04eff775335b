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

    @Test("what is provisioned is kept by qualifier, and goes with the version, the alias or the function")
    func provisioned() async throws {
        try await withStore { store, _ in
            let code = try await store.storeCode(Array("zip".utf8))
            try await store.create(.sample(code: code), tags: [:])
            let version = try await store.publishLatest().version
            try await store.createAlias(FunctionAlias(functionName: "orders", name: "live", version: version))
            try await store.createAlias(FunctionAlias(functionName: "orders", name: "test", version: version))
            func set(_ qualifier: String, _ requested: Int) async throws {
                try await store.setProvisionedConcurrency(
                    ProvisionedConcurrency(
                        functionName: "orders", qualifier: qualifier, requested: requested,
                        lastModified: Date(timeIntervalSince1970: 1.5)))
            }
            for (qualifier, requested) in [("test", 1), ("live", 2), (version.qualifier, 3), ("live", 4)] {
                try await set(qualifier, requested)
            }
            let all = try await store.provisionedConcurrency(of: "orders")
            #expect(all.map(\.qualifier) == [version.qualifier, "live", "test"])
            #expect(all.map(\.requested) == [3, 4, 1])
            #expect(all.first?.lastModified == Date(timeIntervalSince1970: 1.5))
            let first = try await store.provisionedConcurrency(of: "orders", page: ListPage(limit: 2))
            #expect(first.items == Array(all.prefix(2)))
            let rest = try await store.provisionedConcurrency(
                of: "orders", page: ListPage(marker: first.nextMarker, limit: 2))
            #expect(rest.items == Array(all.suffix(1)) && rest.nextMarker == nil)
            try await store.deleteAlias("live", of: "orders")
            try await store.removeProvisionedConcurrency(of: "orders", qualifier: "none")
            #expect(try await store.provisionedConcurrency(of: "orders").map(\.requested) == [3, 1])
            try await store.deleteAlias("test", of: "orders")
            try await store.delete(name: "orders", version: version)
            #expect(try await store.provisionedFunctions().isEmpty)
        }
    }
}
