import FunctionModel
import FunctionStore
import Testing

@Suite struct AliasTableTests {
    private func alias(_ name: String, _ version: Int, shift: Int? = nil) -> FunctionAlias {
        FunctionAlias(
            functionName: "orders", name: name, version: .published(version), description: "of \(version)",
            shift: shift.map { FunctionAlias.Shift(version: .published($0), weight: 0.25) })
    }

    /// A function with two versions.
    private func withVersions(_ body: (SQLiteFunctionStore) async throws -> Void) async throws {
        try await withStore { store, _ in
            try await store.create(.sample(), tags: [:])
            _ = try await store.publishLatest()
            _ = try await store.publishLatest()
            try await body(store)
        }
    }

    @Test("an alias is read as it was written, and found by name")
    func kept() async throws {
        try await withVersions { store in
            let (live, test) = (alias("live", 1, shift: 2), alias("test", 2))
            try await store.createAlias(test)
            try await store.createAlias(live)
            #expect(try await store.alias("live", of: "orders") == live)
            #expect(try await store.alias("none", of: "orders") == nil)
            let first = try await store.aliases(of: "orders", version: nil, page: ListPage(limit: 1))
            #expect(first.items == [live])
            let rest = try await store.aliases(
                of: "orders", version: nil, page: ListPage(marker: first.nextMarker, limit: 1))
            #expect(rest == Page(items: [test], nextMarker: nil))
            let ofSecond = try await store.aliases(of: "orders", version: .published(2), page: ListPage())
            #expect(ofSecond.items == [test])
            #expect(try await store.aliasNames(of: "orders", leadingTo: .published(2)) == ["live", "test"])
        }
    }

    @Test("a name is given once, and a change needs the present revision")
    func races() async throws {
        try await withVersions { store in
            let live = alias("live", 1)
            try await store.createAlias(live)
            await #expect { try await store.createAlias(alias("live", 2)) } throws: {
                ($0 as? FunctionStoreError)?.code == .alreadyExists
            }
            let moved = alias("live", 2)
            try await store.updateAlias(moved, expectedRevision: live.revisionID)
            #expect(try await store.alias("live", of: "orders") == moved)
            await #expect { try await store.updateAlias(live, expectedRevision: live.revisionID) } throws: {
                ($0 as? FunctionStoreError)?.code == .revisionMismatch
            }
            try await store.deleteAlias("live", of: "orders")
            try await store.deleteAlias("live", of: "orders")
            #expect(try await store.alias("live", of: "orders") == nil)
        }
    }

    @Test("no alias leads to a version that is not there", arguments: [(1, 3), (3, nil), (3, 1)])
    func dangling(version: Int, shift: Int?) async throws {
        try await withVersions { store in
            await #expect { try await store.createAlias(alias("live", version, shift: shift)) } throws: {
                ($0 as? FunctionStoreError)?.code == .notFound
            }
            try await store.createAlias(alias("live", 1, shift: 2))
            for number in 1...2 {
                await #expect(throws: FunctionStoreError.self) {
                    try await store.delete(name: "orders", version: .published(number))
                }
            }
        }
    }

    @Test("a function goes with its aliases")
    func deleted() async throws {
        try await withVersions { store in
            try await store.createAlias(alias("live", 1, shift: 2))
            try await store.delete(name: "orders")
            #expect(try await store.alias("live", of: "orders") == nil)
        }
    }
}
