import FunctionModel
import FunctionStore
import Testing

@Suite struct FunctionTableTests {
    @Test("what is created is found again, to the last member")
    func creation() async throws {
        try await withStore { store, _ in
            let configuration = FunctionConfiguration.sample()
            try await store.create(configuration, tags: ["team": "shop"])
            #expect(try await store.configuration(name: "orders", version: .latest) == configuration)
            #expect(try await store.exists("orders"))
            #expect(try await store.tags("orders") == ["team": "shop"])
            #expect(try await store.configuration(name: "orders", version: .published(1)) == nil)
            #expect(try await store.configuration(name: "other", version: .latest) == nil)
            #expect(try await !store.exists("other"))
            #expect(try await store.lastPublished("orders") == nil)
        }
    }

    @Test(
        "any name is only a name",
        arguments: ["'; DROP TABLE function; --", "%", "_", "a:b", "ö\u{1F600}", "0", "../../x", "NULL"])
    func hostileNames(name: String) async throws {
        try await withStore { store, _ in
            try await store.create(.sample(name), tags: [name: name])
            try await store.create(.sample("orders"), tags: [:])
            #expect(try await store.configuration(name: name, version: .latest)?.functionName == name)
            #expect(try await store.tags(name) == [name: name])
            #expect(try await store.list(allVersions: false, page: ListPage()).items.count == 2)
            try await store.delete(name: name)
            #expect(try await store.exists("orders"))
        }
    }

    @Test("a name is taken once, also when many want it")
    func uniqueNames() async throws {
        try await withStore { store, _ in
            let winners = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<16 {
                    group.addTask {
                        do throws(FunctionStoreError) {
                            try await store.create(.sample(), tags: [:])
                            return true
                        } catch {
                            #expect(error.code == .alreadyExists)
                            return false
                        }
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(winners == 1)
        }
    }

    @Test("a function begins with $LATEST")
    func creationOfVersion() async throws {
        try await withStore { store, _ in
            var version = FunctionConfiguration.sample()
            version.version = .published(1)
            await expect(.invalid) { () throws(FunctionStoreError) in try await store.create(version, tags: [:]) }
        }
    }

    @Test("an update replaces what has the expected revision, and nothing else")
    func compareAndSet() async throws {
        try await withStore { store, _ in
            let first = FunctionConfiguration.sample()
            try await store.create(first, tags: [:])
            var second = first
            second.timeout = 9
            second.revisionID = "second"
            try await store.update(second, expectedRevision: first.revisionID)
            #expect(try await store.configuration(name: "orders", version: .latest) == second)
            var third = second
            third.timeout = 10
            third.revisionID = "third"
            await expect(.revisionMismatch) { () throws(FunctionStoreError) in
                try await store.update(third, expectedRevision: first.revisionID)
            }
            #expect(try await store.configuration(name: "orders", version: .latest) == second)
            try await store.update(third, expectedRevision: nil)
            #expect(try await store.configuration(name: "orders", version: .latest) == third)
            await expect(.notFound) { () throws(FunctionStoreError) in
                try await store.update(.sample("other"), expectedRevision: nil)
            }
        }
    }

    @Test("of many updates from one revision, one wins")
    func racingUpdates() async throws {
        try await withStore { store, _ in
            let first = FunctionConfiguration.sample()
            try await store.create(first, tags: [:])
            let winners = try await withThrowingTaskGroup(of: Int?.self) { group in
                for timeout in 1...16 {
                    group.addTask {
                        var next = first
                        next.timeout = timeout
                        next.revisionID = FunctionConfiguration.makeRevisionID()
                        do throws(FunctionStoreError) {
                            try await store.update(next, expectedRevision: first.revisionID)
                            return timeout
                        } catch {
                            #expect(error.code == .revisionMismatch)
                            return nil
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += [$1].compactMap(\.self) }
            }
            #expect(winners.count == 1)
            #expect(try await store.configuration(name: "orders", version: .latest)?.timeout == winners.first)
        }
    }

    @Test("a deletion takes versions and snapshots along, and leaves other functions alone")
    func deletion() async throws {
        try await withStore { store, _ in
            for name in ["orders", "other"] {
                try await store.create(.sample(name), tags: [:])
                _ = try await store.publishLatest(name)
                _ = try await store.publishLatest(name)
                try await store.recordSnapshot("snap-\(name)", name: name, version: .published(2))
            }
            let removed = try await store.delete(name: "orders")
            #expect(removed.versions == [.latest, .published(1), .published(2)])
            #expect(removed.snapshotIDs == ["snap-orders"])
            #expect(try await !store.exists("orders"))
            #expect(try await store.configuration(name: "orders", version: .published(2)) == nil)
            #expect(try await store.allSnapshotIDs() == ["snap-other"])
            #expect(try await store.versions(of: "other", page: ListPage()).items.count == 3)
            await expect(.notFound) { () throws(FunctionStoreError) in try await store.delete(name: "orders") }
            await expect(.notFound) { () throws(FunctionStoreError) in _ = try await store.tags("orders") }
        }
    }

    @Test("one version can go, twice without complaint, but never $LATEST")
    func versionDeletion() async throws {
        try await withStore { store, _ in
            try await store.create(.sample(), tags: [:])
            _ = try await store.publishLatest()
            _ = try await store.publishLatest()
            try await store.recordSnapshot("snap-1", name: "orders", version: .published(1))
            let removed = try await store.delete(name: "orders", version: .published(1))
            #expect(removed == RemovedVersions(versions: [.published(1)], snapshotIDs: ["snap-1"]))
            let again = try await store.delete(name: "orders", version: .published(1))
            #expect(again == RemovedVersions(versions: [], snapshotIDs: []))
            #expect(try await store.lastPublished("orders")?.version == .published(2))
            await expect(.invalid) { () throws(FunctionStoreError) in
                try await store.delete(name: "orders", version: .latest)
            }
            await expect(.notFound) { () throws(FunctionStoreError) in
                try await store.delete(name: "other", version: .published(1))
            }
        }
    }

    @Test("what somebody was working on is known")
    func unfinished() async throws {
        try await withStore { store, _ in
            let pending = FunctionState.pending(.creating)
            try await store.create(.sample("a", state: pending, lastUpdate: nil), tags: [:])
            try await store.create(.sample("b", lastUpdate: .inProgress(.creating)), tags: [:])
            try await store.create(.sample("c"), tags: [:])
            try await store.create(.sample("d", state: .failed(.creating), lastUpdate: .failed(.creating)), tags: [:])
            _ = try await store.publish(name: "c") { latest, number in
                var version = latest
                version.version = .published(number)
                version.state = pending
                return version
            }
            let found = try await store.unfinished()
            #expect(found.map { "\($0.functionName):\($0.version)" } == ["a:$LATEST", "b:$LATEST", "c:1"])
            for configuration in found {
                let done = try #require(configuration.activated() ?? configuration.updateSucceeded())
                try await store.update(done, expectedRevision: configuration.revisionID)
            }
            #expect(try await store.unfinished().isEmpty)
        }
    }
}

/// Expects `body` to throw an error with this code.
func expect(
    _ code: FunctionStoreError.Code, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws(FunctionStoreError) -> Void
) async {
    do throws(FunctionStoreError) {
        try await body()
        Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    } catch {
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
        #expect(!error.message.isEmpty, sourceLocation: sourceLocation)
    }
}
