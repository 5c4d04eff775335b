internal import Basics
internal import FunctionModel
internal import FunctionStore
internal import Logging
internal import Sandboxes
import Synchronization

/// Keeps as many sandboxes initialised as functions have provisioned: makes what is missing, ends what is too much.
///
/// It looks at a function when its configurations change, when the function or one of its aliases changes, and when a sandbox of
/// it has been lost; one look at a time per function.
final class ProvisionedSandboxes: Sendable {
    /// How often init is tried, as on AWS.
    static let trials = 6
    /// How long the host is left alone that had no room.
    static let pause = Duration.seconds(10)
    /// Of a version at a time: each that starts takes a processor for a while.
    private static let startsAtATime = 4

    private struct Watched {
        var isBusy = false
        /// Something has changed since the look that is under way began.
        var isStale = false
        var isWaiting = false
        /// Why sandboxes of a version cannot be had.
        var failures: [FunctionVersion: String] = [:]
    }

    /// What came of bringing sandboxes about.
    private enum Trial {
        case made
        /// Of the function's own doing.
        case failed(String)
        /// The host's, or a version's that is not ready: more may come of another look.
        case impossible(String)
        /// A change will tell.
        case notNow
    }

    private let functions: FunctionCatalog
    private let store: any ConcurrencyStore
    private let admission: Admission
    private let source: SandboxSource
    private let allowsSnapStart: Bool
    private let tasks: BackgroundTasks
    private let logger: Logger
    private let state = Mutex<[String: Watched]>([:])

    init(
        functions: FunctionCatalog, store: any ConcurrencyStore, admission: Admission, source: SandboxSource,
        allowsSnapStart: Bool, tasks: BackgroundTasks, logger: Logger
    ) {
        self.functions = functions
        self.store = store
        self.admission = admission
        self.source = source
        self.allowsSnapStart = allowsSnapStart
        self.tasks = tasks
        self.logger = logger
        source.pool.watchKept { [weak self] version, count, areMissing in
            admission.setReady(count, of: version)
            if areMissing { self?.lookIfWatched(version.functionName) }
        }
        functions.watch { [weak self] name in self?.lookIfWatched(name) }
    }

    /// Reads what the store has. Call once, before serving.
    func recover() async throws(FunctionStoreError) {
        for name in try await store.provisionedFunctions() {
            try await count(store.provisionedConcurrency(of: name), of: name)
            look(name)
        }
    }

    // MARK: - Asking

    /// What has come of a function's configurations, by qualifier.
    func states(
        of function: String
    ) async throws(LambdaError) -> [ProvisionedConcurrencyState] {
        let configurations = try await configurations(of: function)
        let failures = state.withLock { $0[function]?.failures ?? [:] }
        var left = Dictionary(
            source.pool.kept(of: function).map { ($0.key.version, $0.value) }, uniquingKeysWith: { $1 })
        var found: [(ProvisionedConcurrency, ready: Int, failure: String?)] = []
        for configuration in configurations {
            let shares = try await shares(of: configuration)
            var ready = 0
            for (version, share) in shares {
                let taken = min(share, left[version] ?? 0)
                ready += taken
                left[version, default: 0] -= taken
            }
            found.append((configuration, ready, shares.keys.sorted().lazy.compactMap { failures[$0] }.first))
        }
        // Those of versions that an alias has left serve until the new ones are ready.
        var leaving = left.values.reduce(0, +)
        return found.map { configuration, ready, failure in
            let old = min(configuration.requested - ready, leaving)
            leaving -= old
            let status: ProvisionedConcurrencyState.Status =
                ready == configuration.requested ? .ready : failure == nil ? .inProgress : .failed
            return ProvisionedConcurrencyState(
                configuration, available: ready + old, status: status, reason: status == .failed ? failure : nil)
        }
    }

    func configurations(of function: String) async throws(LambdaError) -> [ProvisionedConcurrency] {
        try await rethrowing(
            try await store.provisionedConcurrency(of: function), as: FunctionCatalog.lambdaError)
    }

    /// How many of which version a configuration asks for.
    private func shares(
        of configuration: ProvisionedConcurrency
    ) async throws(LambdaError) -> [FunctionVersion: Int] {
        if let version = FunctionVersion(qualifier: configuration.qualifier) {
            return [version: configuration.requested]
        }
        let alias = try await functions.alias(configuration.qualifier, of: configuration.functionName)
        return alias?.shares(of: configuration.requested) ?? [:]
    }

    // MARK: - Looking

    /// A function's configurations have changed.
    func look(_ function: String) {
        let begins = state.withLock { state in
            state[function, default: Watched()].failures = [:]
            return Self.begin(&state[function, default: Watched()])
        }
        if begins { start(function) }
    }

    private func lookIfWatched(_ function: String) {
        let begins = state.withLock { state in
            guard state[function] != nil else { return false }
            return Self.begin(&state[function, default: Watched()])
        }
        if begins { start(function) }
    }

    private static func begin(_ watched: inout Watched) -> Bool {
        watched.isStale = watched.isBusy
        defer { watched.isBusy = true }
        return !watched.isBusy
    }

    private func start(_ function: String) {
        tasks.start { [self] in
            var isDone = false
            while !isDone, !Task.isCancelled {
                var hasAny = true
                do throws(LambdaError) { hasAny = try await settle(function) } catch {
                    // A stop cuts reads short.
                    if Task.isCancelled { return }
                    logger.error(
                        "cannot see to provisioned concurrency",
                        metadata: ["function": "\(function)", "error": "\(error)"])
                    lookLater(function)
                }
                isDone = state.withLock { state in
                    guard var watched = state[function] else { return true }
                    defer { state[function] = watched }
                    if watched.isStale {
                        watched.isStale = false
                        return false
                    }
                    watched.isBusy = false
                    return true
                }
                if isDone, !hasAny { forgetIfIdle(function) }
            }
        }
    }

    private func forgetIfIdle(_ function: String) {
        state.withLock { state in
            if let watched = state[function], !watched.isBusy { state[function] = nil }
        }
    }

    private func lookLater(_ function: String) {
        // A task that begins after a stop has cancelled those that run would be waited for.
        if Task.isCancelled || source.pool.isClosed { return }
        let isFirst = state.withLock { state in
            defer { state[function]?.isWaiting = true }
            return state[function]?.isWaiting == false
        }
        guard isFirst else { return }
        tasks.start { [self] in
            try? await source.clock.sleep(Self.pause)
            state.withLock { $0[function]?.isWaiting = false }
            if !Task.isCancelled { lookIfWatched(function) }
        }
    }

    /// There is room again.
    private func lookAtThoseThatWait() {
        for function in state.withLock({ state in state.filter { $0.value.isWaiting }.map(\.key) }) {
            lookIfWatched(function)
        }
    }

    /// Brings a function's sandboxes to what its configurations ask for.
    ///
    /// - Returns: whether it has any configuration.
    private func settle(_ function: String) async throws(LambdaError) -> Bool {
        let configurations = try await configurations(of: function)
        count(configurations, of: function)
        var wanted: [FunctionVersion: Int] = [:]
        for configuration in configurations {
            wanted.merge(try await shares(of: configuration), uniquingKeysWith: +)
        }
        let before = kept(of: function)
        var (isShort, isUnsettled) = (false, false)
        for (version, count) in wanted.sorted(by: { $0.key < $1.key }) {
            let outcome = try await bring(VersionKey(function, version), to: count)
            let failure: String?
            switch outcome {
            case .made: failure = nil
            case .notNow:
                failure = nil
                isUnsettled = true
            case .failed(let reason): failure = reason
            case .impossible(let reason):
                failure = reason
                isShort = true
            }
            note(failure, of: VersionKey(function, version))
        }
        // The last to go: until the others are ready they serve who still asks for them.
        if isUnsettled { return true }
        for version in source.pool.kept(of: function).keys where wanted[version.version] == nil {
            source.pool.letGo(version)
        }
        let hasFreed = kept(of: function) < before
        if isShort { if hasFreed { lookIfWatched(function) } else { lookLater(function) } }
        if hasFreed { lookAtThoseThatWait() }
        return !configurations.isEmpty
    }

    private func kept(of function: String) -> Int { source.pool.kept(of: function).values.reduce(0, +) }

    private func count(_ configurations: [ProvisionedConcurrency], of function: String) {
        admission.setProvisioned(configurations.reduce(0) { $0 + $1.requested }, of: function)
    }

    private func note(_ failure: String?, of key: VersionKey) {
        let isNew = state.withLock { state in
            defer { state[key.functionName]?.failures[key.version] = failure }
            return state[key.functionName]?.failures[key.version] != failure
        }
        guard isNew, let failure else { return }
        logger.warning(
            "provisioned concurrency cannot be had",
            metadata: ["function": "\(key.functionName)", "version": "\(key.version)", "reason": "\(failure)"])
    }

    private func isStale(_ function: String) -> Bool { state.withLock { $0[function]?.isStale ?? true } }

    // MARK: - Making

    private func bring(_ key: VersionKey, to count: Int) async throws(LambdaError) -> Trial {
        var failures = 0
        while !Task.isCancelled {
            guard let function = try await functions.configuration(key) else { return .notNow }
            if let refusal = refusal(of: function) { return refusal }
            let sandboxes = try await source.key(function, isKept: true)
            let missing = source.pool.keep(count, sandboxes)
            if missing == 0 { return .made }
            let outcomes = await make(min(missing, Self.startsAtATime), function, sandboxes)
            for outcome in outcomes {
                switch outcome {
                case .made: failures = 0
                case .failed:
                    failures += 1
                    if failures >= Self.trials { return outcome }
                case .impossible, .notNow: return outcome
                }
            }
            if isStale(key.functionName) { return .notNow }
        }
        return .notNow
    }

    /// Why no sandbox of a version can be kept as it is now.
    private func refusal(of function: FunctionConfiguration) -> Trial? {
        if function.snapStart.applyOn == .publishedVersions, !allowsSnapStart {
            return .failed(LambdaError.provisionedWithSnapStart.message)
        }
        switch function.state {
        case .active: return nil
        case .failed(let reason), .inactive(let reason): return .failed(reason.message)
        default: return .notNow
        }
    }

    private func make(_ count: Int, _ function: FunctionConfiguration, _ key: SandboxKey) async -> [Trial] {
        await withTaskGroup(of: Trial.self) { group in
            for _ in 0..<count { group.addTask { await self.make(function, key) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    private func make(_ function: FunctionConfiguration, _ key: SandboxKey) async -> Trial {
        let previous: Outcome<Void>?
        switch source.pool.claimRoomForKept(key.version.functionName) {
        case .room(let after): previous = after
        case .closed: return .notNow
        case .full, .idle, .settling:
            return .impossible(
                "The host has room for \(source.pool.keptLimit) provisioned execution environments in all.")
        }
        defer { source.pool.endMaking() }
        do {
            source.pool.admitKept(try await source.start(after: previous, function, key).sandbox)
            return .made
        } catch {
            switch error {
            case .initialization(let error, let log): return Self.outcome(of: error, log)
            case .refused(let error):
                return error.code == .tooManyRequests || error.code == .service
                    ? .impossible(error.message) : .failed("FUNCTION_ERROR_INIT_FAILURE")
            case .snapshotUnusable(let error):
                do throws(LambdaError) {
                    try await source.renewal.renew(key.version, because: error.reason, afterTrial: error.wasTried)
                    return .notNow
                } catch {
                    return .impossible(error.message)
                }
            }
        }
    }

    private static func outcome(of error: SandboxError, _ log: LogStream) -> Trial {
        if !error.isOfRuntime { log.write(text: "Init failed: \(error)") }
        log.close()
        switch error.code {
        case .timedOut: return .failed("FUNCTION_ERROR_INIT_TIMEOUT")
        case .initializationFailed, .runtimeExited: return .failed("FUNCTION_ERROR_INIT_FAILURE")
        default: return .impossible("\(error)")
        }
    }
}
