internal import Basics
internal import Sandboxes
import Synchronization

/// Which sandboxes exist and which of them are free. One lock, no suspension: on the way of every invocation.
///
/// A sandbox serves one invocation at a time. Free ones of a version are reused most recently used first, so that those
/// that are not needed grow old and are evicted.
package final class SandboxPool: Sendable {
    /// What a new invocation is given.
    enum Claim {
        /// A sandbox that waits for an invocation.
        case idle(LiveSandbox)
        /// A sandbox that has answered and is about to wait for its next invocation: sooner ready than a new one, if it is ready
        /// within `patience`. Wait with ``settled(_:within:)``.
        case settling(LiveSandbox, patience: Duration)
        /// Room for a new sandbox, once `after` (a sandbox on its way out) has ended. Give it back with ``releaseRoom(for:after:)``.
        case room(after: Outcome<Void>?)
        /// `settling` is about to wait, and to make room then. A function with less than its share waits for its turn.
        case full(settling: LiveSandbox?, isBelowShare: Bool)
        case closed
    }

    struct Idle {
        let sandbox: LiveSandbox
        let since: Duration
    }

    struct Group {
        var key: SandboxKey
        /// Oldest first.
        var idle: [Idle] = []
        /// Those that have only just answered.
        var settling: [LiveSandbox] = []
        /// Of those that are kept: how many there are to be, and how many there are, busy ones included.
        var wanted = 0
        var members = 0
    }

    struct State {
        var groups: [VersionKey: Group] = [:]
        /// Those that are kept ready: no claim of another version and no age ends them.
        var kept: [VersionKey: Group] = [:]
        /// Sandboxes to be kept that are being made.
        var making = 0
        /// Sandboxes that exist, are being made or are being destroyed.
        var count = 0
        /// Sandboxes being destroyed whose room nobody has claimed yet.
        var dying: [ObjectIdentifier: Outcome<Void>] = [:]
        /// Sandboxes that serve or wait.
        var live: [ObjectIdentifier: LiveSandbox] = [:]
        /// Sandboxes that were claimed while they settled.
        var claimed: Set<ObjectIdentifier> = []
        var isClosed = false
        /// Settled and forgotten when a sandbox becomes idle or has ended, if anybody waits for that.
        var change: Outcome<Void>?
        /// Of each function, those that are being made for invocations.
        var starting: [String: Int] = [:]
        /// How many claims of functions with less than their share wait.
        var waiting: [String: Int] = [:]
        /// Told whenever there are more or fewer of a version that is kept ready.
        var watcher: KeptWatcher?

        subscript(key: SandboxKey) -> Group? {
            get { key.isKept ? kept[key.version] : groups[key.version] }
            _modify { if key.isKept { yield &kept[key.version] } else { yield &groups[key.version] } }
        }
    }

    /// How long a claim waits for a sandbox that has answered when the other way out is a refusal.
    static let patienceWhenFull = Duration.milliseconds(100)

    let limit: Int
    let clock: WorkerClock
    private let tasks: BackgroundTasks
    let state = Mutex(State())
    private let empty = Outcome<Void>()
    /// Yields when a sandbox becomes idle: there is something to grow old.
    let wakeups: AsyncStream<Void>
    let wake: AsyncStream<Void>.Continuation

    init(limit: Int, clock: WorkerClock, tasks: BackgroundTasks) {
        self.limit = limit
        self.clock = clock
        self.tasks = tasks
        (wakeups, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Takes a sandbox, or room for one.
    func claim(_ key: SandboxKey) -> Claim {
        state.withLock { state in
            guard !state.isClosed else { return .closed }
            if !state.waiting.isEmpty, !isBelowShare(key.version.functionName, state) {
                return .full(settling: nil, isBelowShare: false)
            }
            var group = state.groups[key.version] ?? Group(key: key)
            if group.key != key {
                for stale in group.idle { destroy(stale.sandbox, &state) }
                group = Group(key: key)
            }
            defer { state.groups[key.version] = group }
            if let last = group.idle.popLast() { return .idle(last.sandbox) }
            let hasRoom = state.count < limit
            if let last = group.settling.popLast() {
                state.claimed.insert(ObjectIdentifier(last))
                return .settling(last, patience: hasRoom ? last.patience : Self.patienceWhenFull)
            }
            let room = room(for: key.version.functionName, &state)
            if case .room = room { state.starting[key.version.functionName, default: 0] += 1 }
            return room
        }
    }

    /// Notes a sandbox that was made in room that was claimed.
    func admit(_ sandbox: LiveSandbox) {
        state.withLock { state in
            endStart(sandbox.key, &state)
            state.live[ObjectIdentifier(sandbox)] = sandbox
        }
    }

    /// Waits with a sandbox that was claimed while it settles. Nil: it is still at work, and not the claimer's any more; it will be
    /// idle when its runtime asks for the next event.
    func settled(_ sandbox: LiveSandbox, within patience: Duration) async -> Bool? {
        if let usable = await sandbox.settled(within: patience, on: clock) { return usable }
        if state.withLock({ $0.claimed.remove(ObjectIdentifier(sandbox)) }) != nil { return nil }
        return await sandbox.settled()
    }

    /// Room for another sandbox, or what there is instead.
    func room(for function: String, _ state: inout State) -> Claim {
        guard state.count < limit else { return evictForRoom(for: function, &state) }
        state.count += 1
        return .room(after: nil)
    }

    /// Room made by a sandbox that is going anyway, or by the one that has been idle the longest.
    private func evictForRoom(for function: String, _ state: inout State) -> Claim {
        if let room = state.dying.popFirst() { return .room(after: room.value) }
        if let victim = takeOldest(&state) {
            state.live[ObjectIdentifier(victim)] = nil
            let gone = Outcome<Void>()
            tasks.start {
                await victim.destroy()
                gone.settle()
            }
            return .room(after: gone)
        }
        return .full(
            settling: state.groups.values.lazy.compactMap(\.settling.last).first,
            isBelowShare: isBelowShare(function, state))
    }

    private func takeOldest(_ state: inout State) -> LiveSandbox? {
        let oldest = state.groups.compactMap { entry in entry.value.idle.first.map { (entry.key, $0.since) } }
            .min { $0.1 < $1.1 }
        return oldest.flatMap { state.groups[$0.0]?.idle.removeFirst().sandbox }
    }

    /// Gives back room for which no sandbox was made, once what it was taken from has ended.
    func releaseRoom(for key: SandboxKey, after previous: Outcome<Void>? = nil) {
        state.withLock { endStart(key, &$0) }
        guard let previous, previous.value == nil else { return state.withLock { release(&$0) } }
        tasks.start { [self] in
            await previous.wait()
            state.withLock { release(&$0) }
        }
    }

    /// Runs `work`, which waits until a sandbox that has answered asks for its next invocation and says whether it did.
    /// Until then a claimer may already take the sandbox and wait with it for a moment; afterwards it is idle.
    func settle(_ sandbox: LiveSandbox, _ work: @escaping @Sendable () async -> Bool) {
        state.withLock { state in
            if isCurrent(sandbox, state) { state[sandbox.key]?.settling.append(sandbox) }
            let outcome = sandbox.beginSettling()
            // Begun under the lock: the work cannot end before the sandbox is in the list.
            tasks.start { [self] in
                let usable = await work()
                finishSettling(sandbox, usable: usable)
                outcome.settle(usable)
            }
        }
    }

    private func finishSettling(_ sandbox: LiveSandbox, usable: Bool) {
        let now = clock.now()
        let isIdle = state.withLock { state -> Bool in
            // Its new holder waits for the same work and decides.
            if state.claimed.remove(ObjectIdentifier(sandbox)) != nil { return false }
            state[sandbox.key]?.settling.removeAll { $0 === sandbox }
            guard usable, isCurrent(sandbox, state), !isTooMany(sandbox, state), !state.isClosed else {
                destroy(sandbox, &state)
                return false
            }
            state[sandbox.key]?.idle.append(Idle(sandbox: sandbox, since: now))
            tellOfChange(&state)
            return true
        }
        guard isIdle else { return }
        sandbox.becameIdle(at: now, by: clock)
        wake.yield()
    }

    /// Ends a sandbox that its holder can no longer use.
    func discard(_ sandbox: LiveSandbox) { state.withLock { destroy(sandbox, &$0) } }

    /// Ends the sandboxes of a version that is gone; busy ones end with their invocation.
    func retire(_ matches: (VersionKey) -> Bool) {
        state.withLock { state in
            for (key, group) in state.groups where matches(key) {
                state.groups[key] = nil
                for idle in group.idle { destroy(idle.sandbox, &state) }
            }
            for key in state.kept.keys where matches(key) { letGo(key, &state) }
        }
    }

    // MARK: - Eviction

    /// How long until a sandbox will have been idle for `keepWarm`; nil when none is idle.
    func nextExpiry(keepWarm: Duration) -> Duration? {
        let oldest = state.withLock { $0.groups.values.compactMap { $0.idle.first?.since }.min() }
        return oldest.map { max(.zero, $0 + keepWarm - clock.now()) }
    }

    /// Ends the sandbox that has been idle the longest; nil when none is, and none is on its way out. Settled when it is gone.
    func evictOldest() -> Outcome<Void>? {
        state.withLock { state in
            if let victim = takeOldest(&state) {
                destroy(victim, &state)
                return state.dying[ObjectIdentifier(victim)]
            }
            return state.dying.values.first
        }
    }

    /// Settled when a sandbox becomes idle, or has ended, from now on.
    var nextChange: Outcome<Void> {
        state.withLock { state in
            let change = state.change ?? Outcome()
            state.change = change
            return change
        }
    }

    package func evictExpired(keepWarm: Duration) {
        let limit = clock.now() - keepWarm
        state.withLock { state in
            for (key, group) in state.groups {
                let expired = group.idle.prefix { $0.since <= limit }
                state.groups[key]?.idle.removeFirst(expired.count)
                for idle in expired { destroy(idle.sandbox, &state) }
            }
        }
    }

    // MARK: - Stop

    /// Lends nothing from now on and destroys what is idle.
    func close() {
        state.withLock { state in
            state.isClosed = true
            for (key, group) in state.groups {
                state.groups[key]?.idle = []
                for idle in group.idle { destroy(idle.sandbox, &state) }
            }
            state.watcher = nil
            for key in state.kept.keys { letGo(key, &state) }
            tellIfEmpty(state)
        }
        wake.finish()
    }

    /// Returns when no sandbox is left. Call after ``close()``.
    func waitUntilEmpty() async { await empty.wait() }

    package var count: Int { state.withLock { $0.count } }

    /// Those that serve, wait or are being made: how many, and the functions of those that have been made.
    var running: (count: Int, functions: [VersionKey]) {
        state.withLock { ($0.count - $0.dying.count, $0.live.values.map(\.key.version)) }
    }

    /// How many there are, how many of them serve or wait, and how many of those wait.
    var census: (count: Int, live: Int, idle: Int) {
        state.withLock { state in
            (state.count, state.live.count, state.idle.count)
        }
    }

    /// All that serve or wait, and which of them wait.
    func list() -> [(sandbox: LiveSandbox, isIdle: Bool)] {
        state.withLock { state in
            let idle = Set(state.idle.map { ObjectIdentifier($0.sandbox) })
            return state.live.map { ($0.value, idle.contains($0.key)) }
        }
    }

    // MARK: - Under the lock

    func isCurrent(_ sandbox: LiveSandbox, _ state: State) -> Bool { state[sandbox.key]?.key == sandbox.key }

    func destroy(_ sandbox: LiveSandbox, _ state: inout State) {
        noteLoss(of: sandbox, &state)
        let identifier = ObjectIdentifier(sandbox)
        let gone = Outcome<Void>()
        state.live[identifier] = nil
        state.dying[identifier] = gone
        tasks.start { [self] in
            await sandbox.destroy()
            gone.settle()
            self.state.withLock { state in
                // No entry: the room has been claimed by someone who waits for `gone`.
                if state.dying.removeValue(forKey: identifier) != nil { release(&state) }
            }
        }
    }

    private func endStart(_ key: SandboxKey, _ state: inout State) {
        guard !key.isKept, let others = state.starting[key.version.functionName] else { return }
        state.starting[key.version.functionName] = others == 1 ? nil : others - 1
    }

    func tellOfChange(_ state: inout State) {
        state.change?.settle()
        state.change = nil
    }

    private func release(_ state: inout State) {
        state.count -= 1
        tellOfChange(&state)
        tellIfEmpty(state)
    }

    private func tellIfEmpty(_ state: State) { if state.isClosed, state.count == 0 { empty.settle() } }
}
