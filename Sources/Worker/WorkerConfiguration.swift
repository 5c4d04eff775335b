package import FunctionModel
package import Sandboxes

/// What an operator may set about a worker.
package struct WorkerConfiguration: Sendable {
    package var account: AccountScope
    /// Sandboxes at a time, over all functions; an invocation that would need one more gets 429.
    package var maximumSandboxes: Int
    package var concurrency: ConcurrencyLimits
    package var snapStartPolicy: SnapStartPolicy = .aws
    /// By ARN: where what is told of events goes instead.
    package var eventTargets: [String: EventTarget] = [:]
    /// How long an idle sandbox waits for its next invocation.
    package var keepWarm: Duration
    /// After how much time without an invocation a version loses its snapshot; nil is never.
    package var snapshotRetention: Duration? = .seconds(Limits.snapshotRetentionDays * 86_400)
    /// Clones prepared ahead for each version that has been used lately.
    package var readyClones: Int
    /// Versions that have clones prepared ahead, at most.
    package var maximumReadyVersions: Int
    /// The levels that functions may ask for.
    package var isolations: [IsolationLevel]
    /// Init of a sandbox that is booted on demand, where AWS's 10 s are not enough: emulated processors need more.
    package var initLimits: [IsolationLevel: Duration]
    /// Init at publish may take this much at least; see ``Limits/snapStartInitSeconds(timeout:)``.
    package var publishInitLimit: Duration
    /// Runtime load and after-restore hooks together.
    package var restoreLimit: Duration
    /// Versions initialised at a time; the others wait, `Pending`.
    package var concurrentPublishes: Int
    /// What invocations that are under way at a stop are given to end.
    package var drainLimit: Duration

    package init(
        account: AccountScope = AccountScope(), maximumSandboxes: Int = 32,
        concurrency: ConcurrencyLimits = ConcurrencyLimits(), keepWarm: Duration = .seconds(300),
        readyClones: Int = 1, maximumReadyVersions: Int = 8, isolations: [IsolationLevel] = IsolationLevel.allCases,
        initLimits: [IsolationLevel: Duration] = [:],
        publishInitLimit: Duration = .seconds(Limits.snapStartInitSeconds),
        restoreLimit: Duration = .seconds(Limits.restoreSeconds), concurrentPublishes: Int = 2,
        drainLimit: Duration = .seconds(20)
    ) {
        self.account = account
        self.maximumSandboxes = maximumSandboxes
        self.concurrency = concurrency
        self.keepWarm = keepWarm
        self.readyClones = readyClones
        self.maximumReadyVersions = maximumReadyVersions
        self.isolations = isolations
        self.initLimits = initLimits
        self.publishInitLimit = publishInitLimit
        self.restoreLimit = restoreLimit
        self.concurrentPublishes = concurrentPublishes
        self.drainLimit = drainLimit
    }

    func initLimit(at isolation: IsolationLevel) -> Duration { initLimits[isolation] ?? .seconds(Limits.initSeconds) }
}
