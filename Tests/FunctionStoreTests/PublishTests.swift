import FunctionModel
import FunctionStore
import Testing

@Suite struct PublishTests {
    @Test("versions are numbered from 1, and a number is never given out again")
    func numbers() async throws {
        try await withStore { store, _ in
            try await store.create(.sample(), tags: [:])
            #expect(try await store.publishLatest().version == .published(1))
            #expect(try await store.publishLatest().version == .published(2))
            try await store.delete(name: "orders", version: .published(2))
            #expect(try await store.publishLatest().version == .published(3))
            #expect(try await store.lastPublished("orders")?.version == .published(3))
            // A new function of the same name begins anew, as on AWS.
            try await store.delete(name: "orders")
            try await store.create(.sample(), tags: [:])
            #expect(try await store.publishLatest().version == .published(1))
        }
    }

    @Test("concurrent publishes get distinct numbers without a gap")
    func concurrent() async throws {
        try await withStore { store, _ in
            try await store.create(.sample(), tags: [:])
            let numbers = try await withThrowingTaskGroup(of: FunctionVersion.self) { group in
                for _ in 0..<32 { group.addTask { try await store.publishLatest().version } }
                return try await group.reduce(into: Set<FunctionVersion>()) { $0.insert($1) }
            }
            #expect(numbers == Set((1...32).map { .published($0) }))
        }
    }

    @Test("concurrent publishes of one content give one version")
    func concurrentUnchanged() async throws {
        try await withStore { store, _ in
            try await store.create(.sample(), tags: [:])
            let outcomes = try await withThrowingTaskGroup(of: PublishOutcome.self) { group in
                for _ in 0..<16 { group.addTask { try await store.publishIfChanged() } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.filter(\.isNew).count == 1)
            #expect(Set(outcomes.map(\.configuration.revisionID)).count == 1)
        }
    }

    @Test("publishing again gives the last version until something is changed")
    func unchanged() async throws {
        try await withStore { store, _ in
            try await store.create(.sample(), tags: [:])
            let first = try await store.publishIfChanged()
            let second = try await store.publishIfChanged()
            #expect(first.isNew && !second.isNew)
            #expect(second.configuration == first.configuration)
            let latest = try #require(try await store.configuration(name: "orders", version: .latest))
            let changed = try #require(
                latest.updating(at: latest.lastModified) { $0.timeout = 99 }?.updateSucceeded())
            try await store.update(changed, expectedRevision: latest.revisionID)
            let third = try await store.publishIfChanged()
            #expect(third.isNew)
            #expect(third.configuration.version == .published(2))
            #expect(third.configuration.timeout == 99)
            #expect(first.configuration.timeout == 3)
        }
    }

    @Test("a refusal inside the transaction uses no number")
    func refusal() async throws {
        try await withStore { store, _ in
            try await store.create(.sample(), tags: [:])
            await expect(.refused(.revisionMismatch)) { () throws(FunctionStoreError) in
                _ = try await store.publish(name: "orders") { candidate throws(LambdaError) in
                    try candidate.latest.checkRevision("another")
                    return .keep(candidate.latest)
                }
            }
            #expect(try await store.publishLatest().version == .published(1))
        }
    }

    @Test("a version that is not the one asked for is not published")
    func wrongVersion() async throws {
        try await withStore { store, _ in
            try await store.create(.sample(), tags: [:])
            await expect(.invalid) { () throws(FunctionStoreError) in
                _ = try await store.publish(name: "orders") { latest, _ in latest }
            }
            await expect(.invalid) { () throws(FunctionStoreError) in
                _ = try await store.publish(name: "orders") { latest, number in
                    var other = FunctionConfiguration.sample("other")
                    other.version = .published(number)
                    return other
                }
            }
            await expect(.notFound) { () throws(FunctionStoreError) in
                _ = try await store.publish(name: "other") { latest, _ in latest }
            }
            #expect(try await store.versions(of: "orders", page: ListPage()).items.count == 1)
        }
    }
}

@Suite struct ListTests {
    @Test("pages give everything once, in order", arguments: [1, 2, 3, 7, 50])
    func pages(limit: Int) async throws {
        try await withStore { store, _ in
            let names = ["B", "a", "b-1", "b_1", "c"]
            for name in names.shuffled() {
                try await store.create(.sample(name), tags: [:])
                _ = try await store.publishLatest(name)
            }
            let latest = try await pages(limit) { try await store.list(allVersions: false, page: $0) }
            #expect(latest == names.map { "\($0):$LATEST" })
            let all = try await pages(limit) { try await store.list(allVersions: true, page: $0) }
            #expect(all == names.flatMap { ["\($0):$LATEST", "\($0):1"] })
        }
    }

    @Test("versions are listed by number, $LATEST first")
    func versions() async throws {
        try await withStore { store, _ in
            try await store.create(.sample(), tags: [:])
            for _ in 1...11 { _ = try await store.publishLatest() }
            let listed = try await pages(4) { try await store.versions(of: "orders", page: $0) }
            #expect(listed == ["orders:$LATEST"] + (1...11).map { "orders:\($0)" })
            await expect(.notFound) { () throws(FunctionStoreError) in
                _ = try await store.versions(of: "other", page: ListPage())
            }
        }
    }

    @Test("an empty store lists nothing")
    func empty() async throws {
        try await withStore { store, _ in
            let page = try await store.list(allVersions: true, page: ListPage())
            #expect(page == ListedPage(items: [], nextMarker: nil))
        }
    }

    @Test("a page goes on where the last ended, also when that function is gone")
    func deletedBetween() async throws {
        try await withStore { store, _ in
            for name in ["a", "b", "c"] { try await store.create(.sample(name), tags: [:]) }
            let first = try await store.list(allVersions: false, page: ListPage(limit: 2))
            try await store.delete(name: "b")
            let second = try await store.list(
                allVersions: false, page: ListPage(marker: first.nextMarker, limit: 2))
            #expect(second.items.map(\.functionName) == ["c"])
            #expect(second.nextMarker == nil)
        }
    }

    @Test(
        "a marker that no list gave is refused",
        arguments: ["", "x", "1:0:a", "MTow", "MTo6YQ==", "Mjow OmE=", "MTotMTph", "//8=", "MTphOmE=", "MTowOg=="])
    func markers(marker: String) async throws {
        try await withStore { store, _ in
            try await store.create(.sample(), tags: [:])
            await expect(.invalid) { () throws(FunctionStoreError) in
                _ = try await store.list(allVersions: true, page: ListPage(marker: marker))
            }
            await expect(.invalid) { () throws(FunctionStoreError) in
                _ = try await store.versions(of: "orders", page: ListPage(marker: marker))
            }
        }
    }

    @Test("a marker of one function does not fit another")
    func foreignMarker() async throws {
        try await withStore { store, _ in
            for name in ["a", "b"] {
                try await store.create(.sample(name), tags: [:])
                _ = try await store.publishLatest(name)
            }
            let marker = try await store.versions(of: "a", page: ListPage(limit: 1)).nextMarker
            #expect(marker != nil)
            await expect(.invalid) { () throws(FunctionStoreError) in
                _ = try await store.versions(of: "b", page: ListPage(marker: marker))
            }
        }
    }

    /// Reads all pages; stops with a failure when they do not end.
    private func pages(_ limit: Int, _ read: (ListPage) async throws -> ListedPage) async throws -> [String] {
        var seen: [String] = []
        var page = ListPage(limit: limit)
        for _ in 0..<100 {
            let listed = try await read(page)
            #expect(listed.items.count <= limit)
            seen += listed.items.map { "\($0.functionName):\($0.version)" }
            guard let marker = listed.nextMarker else { return seen }
            page.marker = marker
        }
        Issue.record("the pages do not end")
        return seen
    }
}
