internal import Basics
internal import FunctionModel
internal import FunctionStore
import Synchronization
internal import SystemPackage

import struct Foundation.Date

/// What the tags of a function say that means something to this server.
struct TagChoices: Sendable, Hashable {
    var isolation: IsolationChoice
    var network: NetworkChoice

    init(_ tags: [String: String]) {
        isolation = FunctionTags.isolation(tags)
        network = FunctionTags.network(tags)
    }
}

/// The functions of this server: the store, and in front of it what was read last, because every invocation asks.
///
/// Whoever changes a function holds its lock (``changing(_:_:)``), from reading what is to change to storing the change.
final class FunctionCatalog: Sendable {
    private struct Cache {
        /// Counts changes: what was read from the store before a change must not enter the cache after it.
        var generation: UInt64 = 0
        var configurations: [VersionKey: FunctionConfiguration] = [:]
        /// What the functions' tags ask for, by name.
        var choices: [String: TagChoices] = [:]
        var aliases: [AliasKey: FunctionAlias] = [:]
    }

    private struct AliasKey: Hashable {
        let function: String
        let name: String
    }

    private let store: any FunctionStore
    let aliasStore: any AliasStore
    let account: AccountScope
    private let cache = Mutex(Cache())
    private let locks = KeyedLock<String>()
    private let watcher = Mutex<(@Sendable (String) -> Void)?>(nil)

    init(store: any FunctionStore, aliases: any AliasStore, account: AccountScope) {
        self.store = store
        aliasStore = aliases
        self.account = account
    }

    // MARK: - Reading

    func configuration(_ key: VersionKey) async throws(LambdaError) -> FunctionConfiguration? {
        let (known, generation) = cache.withLock { ($0.configurations[key], $0.generation) }
        if let known { return known }
        guard let found = try await stored(key) else { return nil }
        cache.withLock { cache in
            if cache.generation == generation { cache.configurations[key] = found }
        }
        return found
    }

    /// `$LATEST` of a function.
    func latest(_ name: String) async throws(LambdaError) -> FunctionConfiguration {
        guard let found = try await configuration(VersionKey(name, .latest)) else {
            throw .functionNotFound(account.arn(name: name))
        }
        return found
    }

    /// What a function's tags ask for.
    func choices(_ name: String) async throws(LambdaError) -> TagChoices {
        let (known, generation) = cache.withLock { ($0.choices[name], $0.generation) }
        if let known { return known }
        let found = TagChoices(try await tags(of: name))
        cache.withLock { cache in
            if cache.generation == generation { cache.choices[name] = found }
        }
        return found
    }

    func alias(_ name: String, of function: String) async throws(LambdaError) -> FunctionAlias? {
        let key = AliasKey(function: function, name: name)
        let (known, generation) = cache.withLock { ($0.aliases[key], $0.generation) }
        if let known { return known }
        guard let found = try await storedAlias(name, of: function) else { return nil }
        cache.withLock { cache in
            if cache.generation == generation { cache.aliases[key] = found }
        }
        return found
    }

    func tags(of name: String) async throws(LambdaError) -> [String: String] {
        try await rethrowing(try await store.tags(name), as: Self.lambdaError)
    }

    func list(allVersions: Bool, page: ListPage) async throws(LambdaError) -> ListedPage {
        try await rethrowing(try await store.list(allVersions: allVersions, page: page), as: Self.lambdaError)
    }

    /// A function's versions, `$LATEST` first.
    func versions(of name: String, page: ListPage) async throws(LambdaError) -> ListedPage {
        try await rethrowing(try await store.versions(of: name, page: page), as: Self.lambdaError)
    }

    func snapshotID(of key: VersionKey) async throws(LambdaError) -> String? {
        try await rethrowing(
            try await store.snapshotID(name: key.functionName, version: key.version), as: Self.lambdaError)
    }

    func codePath(_ code: CodeReference) throws(LambdaError) -> FilePath {
        try rethrowing(try store.codePath(code), as: Self.lambdaError)
    }

    /// A version as the store has it, whatever was read before.
    func stored(_ key: VersionKey) async throws(LambdaError) -> FunctionConfiguration? {
        try await rethrowing(
            try await store.configuration(name: key.functionName, version: key.version), as: Self.lambdaError)
    }

    // MARK: - Changing

    /// Runs `body` while nobody else changes the function. A caller that goes away does not cut it short: a change is made
    /// whole or, by an error, not at all.
    func changing<R: Sendable>(
        _ name: String, _ body: @escaping @Sendable () async throws(LambdaError) -> R
    ) async throws(LambdaError) -> R {
        let change = Task { () async -> Result<R, LambdaError> in
            await locks.withLock(name) {
                do throws(LambdaError) { return .success(try await body()) } catch { return .failure(error) }
            }
        }
        return try await change.value.get()
    }

    func create(_ configuration: FunctionConfiguration, tags: [String: String]) async throws(LambdaError) {
        try await rethrowing(try await store.create(configuration, tags: tags), as: Self.lambdaError)
        forget(configuration.functionName)
    }

    /// Stores a change of one version.
    func update(
        _ next: FunctionConfiguration, from previous: FunctionConfiguration, snapshotID: String? = nil
    ) async throws(LambdaError) {
        defer { forget(next.functionName, next.version) }
        try await rethrowing(
            try await store.update(next, expectedRevision: previous.revisionID, snapshotID: snapshotID),
            as: Self.lambdaError)
    }

    /// Replaces a function's tags, and its `$LATEST` by `next`, which shows the change as a new revision.
    func setTags(
        _ tags: [String: String], _ next: FunctionConfiguration, from latest: FunctionConfiguration
    ) async throws(LambdaError) {
        defer { forget(next.functionName, next.version) }
        try await rethrowing(
            try await store.setTags(tags, latest: next, expectedRevision: latest.revisionID), as: Self.lambdaError)
    }

    /// Gives the function's next number to a version, unless `decide` finds that nothing is to be published.
    func publish(
        _ name: String, deciding decide: @Sendable (PublishCandidate) throws(LambdaError) -> PublishDecision
    ) async throws(LambdaError) -> PublishOutcome {
        let outcome = try await rethrowing(
            try await store.publish(name: name, deciding: decide), as: Self.lambdaError)
        forget(name)
        return outcome
    }

    /// Removes a published version, or with nil the function.
    func delete(_ name: String, _ version: FunctionVersion?) async throws(LambdaError) -> RemovedVersions {
        let removed: RemovedVersions
        if let version {
            removed = try await rethrowing(
                try await store.delete(name: name, version: version), as: Self.lambdaError)
        } else {
            removed = try await rethrowing(try await store.delete(name: name), as: Self.lambdaError)
        }
        forget(name)
        return removed
    }

    func removeSnapshot(_ id: String) async throws(LambdaError) {
        try await rethrowing(try await store.removeSnapshot(id), as: Self.lambdaError)
    }

    func snapshotUses() async throws(LambdaError) -> [SnapshotUse] {
        try await rethrowing(try await store.snapshotUses(), as: Self.lambdaError)
    }

    func noteUse(ofSnapshots ids: [String], at date: Date) async throws(LambdaError) {
        try await rethrowing(try await store.noteUse(ofSnapshots: ids, at: date), as: Self.lambdaError)
    }

    func draftCode() -> CodeDraft { store.draftCode() }

    /// Keeps a zip until ``releaseCode(_:)``, and as long as a version refers to it.
    func storeCode(_ zip: CodeDraft) async throws(LambdaError) -> CodeReference {
        try await rethrowing(try await store.storeCode(zip), as: Self.lambdaError)
    }

    /// The same for one that is kept already; false when it is gone.
    func holdCode(_ code: CodeReference) async throws(LambdaError) -> Bool {
        try await rethrowing(try await store.holdCode(code), as: Self.lambdaError)
    }

    /// Whether some version has these layers in this order.
    func hasVersion(withLayers layers: [CodeReference]) async throws(LambdaError) -> Bool {
        try await rethrowing(try await store.hasVersion(withLayers: layers), as: Self.lambdaError)
    }

    /// The digests of all container images that versions are made of.
    func imageDigests() async throws(LambdaError) -> Set<String> {
        try await rethrowing(try await store.imageDigests(), as: Self.lambdaError)
    }

    func releaseCode(_ code: CodeReference) async throws(LambdaError) {
        try await rethrowing(try await store.releaseCode(code), as: Self.lambdaError)
    }

    /// - Parameter version: nil stands for all of them.
    private func forget(_ name: String, _ version: FunctionVersion? = nil) {
        cache.withLock { cache in
            cache.generation += 1
            if let version {
                cache.configurations[VersionKey(name, version)] = nil
            } else {
                cache.configurations = cache.configurations.filter { $0.key.functionName != name }
            }
            if version == nil || version == .latest {
                cache.choices[name] = nil
                cache.aliases = cache.aliases.filter { $0.key.function != name }
            }
        }
        tellOfChange(name)
    }

    func forgetAlias(_ name: String, of function: String) {
        cache.withLock { cache in
            cache.generation += 1
            cache.aliases[AliasKey(function: function, name: name)] = nil
        }
        tellOfChange(function)
    }

    // MARK: - Watching

    /// Has `watcher` called with the name of each function that has changed, one of its aliases included, by whoever changed it:
    /// it must return at once.
    func watch(_ watcher: @escaping @Sendable (String) -> Void) { self.watcher.withLock { $0 = watcher } }

    private func tellOfChange(_ name: String) { watcher.withLock { $0 }?(name) }
}
