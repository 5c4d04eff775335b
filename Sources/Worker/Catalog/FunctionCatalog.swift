internal import FunctionModel
internal import FunctionStore
import Synchronization
internal import SystemPackage

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
    }

    let store: any FunctionStore
    let account: AccountScope
    private let cache = Mutex(Cache())
    private let locks = KeyedLock<String>()

    init(store: any FunctionStore, account: AccountScope) {
        self.store = store
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

    /// The version that a caller means; `Function not found` names it as the caller did, or with `qualifier` appended.
    func resolve(
        _ reference: FunctionReference, defaultQualifier: String? = nil
    ) async throws(LambdaError) -> FunctionConfiguration {
        try reference.checkReachable(from: account)
        if let version = reference.version,
            let found = try await configuration(VersionKey(reference.name, version))
        {
            return found
        }
        throw .functionNotFound(account.arn(name: reference.name, qualifier: reference.qualifier ?? defaultQualifier))
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
        let tags = try await calling { (store) throws(FunctionStoreError) in try await store.tags(name) }
        let found = TagChoices(tags)
        cache.withLock { cache in
            if cache.generation == generation { cache.choices[name] = found }
        }
        return found
    }

    func codePath(_ code: CodeReference) throws(LambdaError) -> FilePath {
        do throws(FunctionStoreError) { return try store.codePath(code) } catch { throw Self.lambdaError(error) }
    }

    private func stored(_ key: VersionKey) async throws(LambdaError) -> FunctionConfiguration? {
        try await calling { (store) throws(FunctionStoreError) in
            try await store.configuration(name: key.functionName, version: key.version)
        }
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

    /// Stores a change of one version.
    func update(
        _ next: FunctionConfiguration, from previous: FunctionConfiguration, snapshotID: String? = nil
    ) async throws(LambdaError) {
        do throws(LambdaError) {
            try await calling { (store) throws(FunctionStoreError) in
                try await store.update(next, expectedRevision: previous.revisionID, snapshotID: snapshotID)
            }
            forget { $0 == VersionKey(next) }
        } catch {
            forget { $0 == VersionKey(next) }
            throw error
        }
    }

    /// Runs a call of the store and gives its errors as AWS's.
    func calling<R: Sendable>(
        _ call: (any FunctionStore) async throws(FunctionStoreError) -> R
    ) async throws(LambdaError) -> R {
        do throws(FunctionStoreError) { return try await call(store) } catch { throw Self.lambdaError(error) }
    }

    func forget(_ matches: (VersionKey) -> Bool) {
        cache.withLock { cache in
            cache.generation += 1
            cache.configurations = cache.configurations.filter { !matches($0.key) }
            cache.choices = cache.choices.filter { !matches(VersionKey($0.key, .latest)) }
        }
    }
}
