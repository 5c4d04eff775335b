internal import Sandboxes
import Synchronization

/// Called under the pool's lock with how many of a version are kept ready, busy ones included, and whether some are missing that were
/// there: it must return at once, and call nothing of the pool.
typealias KeptWatcher = @Sendable (_ version: VersionKey, _ count: Int, _ areMissing: Bool) -> Void

/// What an invocation is given for which a sandbox is kept ready.
enum KeptClaim {
    case idle(LiveSandbox)
    /// It is about to wait for its next invocation. Wait with ``SandboxPool/settled(_:within:)``.
    case settling(LiveSandbox, patience: Duration)
}

/// Sandboxes that are kept ready, as many of a version as somebody has asked for. They count among all others, but nothing that
/// makes room for others ends them.
extension SandboxPool {
    /// What all others have at least, so that a function with much provisioned does not shut out those that have nothing.
    var keptLimit: Int { limit - max(1, limit / 4) }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    func watchKept(_ watcher: @escaping KeptWatcher) { state.withLock { $0.watcher = watcher } }

    /// Takes a sandbox that is kept ready; nil when none is free.
    func claimKept(_ key: SandboxKey) -> KeptClaim? {
        state.withLock { state in
            guard !state.isClosed, let group = state.kept[key.version] else { return nil }
            guard group.key == key else {
                // They were made under other circumstances: others take their place.
                let wanted = group.wanted
                letGo(key.version, &state)
                state.kept[key.version] = Group(key: key, wanted: wanted)
                tellOfKept(key.version, state, isLoss: true)
                return nil
            }
            if let last = state.kept[key.version]?.idle.popLast() { return .idle(last.sandbox) }
            guard let last = state.kept[key.version]?.settling.popLast() else { return nil }
            state.claimed.insert(ObjectIdentifier(last))
            return .settling(last, patience: last.patience)
        }
    }

    /// From now on `count` sandboxes of a version are to be kept; those that are too many end, busy ones with their invocation.
    ///
    /// - Returns: how many are missing.
    func keep(_ count: Int, _ key: SandboxKey) -> Int {
        state.withLock { state in
            guard !state.isClosed else { return 0 }
            if state.kept[key.version].map({ $0.key != key }) ?? false { letGo(key.version, &state) }
            state.kept[key.version, default: Group(key: key)].wanted = count
            while let group = state.kept[key.version], group.members > count, let spare = group.idle.first {
                state.kept[key.version]?.idle.removeFirst()
                destroy(spare.sandbox, &state)
            }
            return state.kept[key.version].map { max(0, count - $0.members) } ?? 0
        }
    }

    /// No sandboxes of a version are to be kept any more.
    func letGo(_ version: VersionKey) { state.withLock { letGo(version, &$0) } }

    /// How many there are of each of a function's versions.
    func kept(of function: String) -> [VersionKey: Int] {
        state.withLock { $0.kept.filter { $0.key.functionName == function }.mapValues(\.members) }
    }

    /// Takes room for a sandbox to be kept; give it back with ``releaseRoom(for:after:)`` and ``endMaking()``.
    func claimRoomForKept(_ function: String) -> Claim {
        state.withLock { state in
            guard !state.isClosed else { return .closed }
            let kept = state.kept.values.reduce(state.making) { $0 + $1.members }
            guard kept < keptLimit else { return .full(settling: nil, isBelowShare: false) }
            let room = room(for: function, &state)
            if case .room = room { state.making += 1 }
            return room
        }
    }

    /// A sandbox that was to be kept has been made, or could not be.
    func endMaking() { state.withLock { $0.making -= 1 } }

    /// Puts a sandbox among those that are kept; ends it when it is not wanted any more.
    func admitKept(_ sandbox: LiveSandbox) {
        let isKept = state.withLock { state in
            state.live[ObjectIdentifier(sandbox)] = sandbox
            guard isCurrent(sandbox, state) else {
                destroy(sandbox, &state)
                return false
            }
            state[sandbox.key]?.members += 1
            guard !isTooMany(sandbox, state) else {
                destroy(sandbox, &state)
                return false
            }
            state[sandbox.key]?.idle.append(Idle(sandbox: sandbox, since: clock.now()))
            tellOfChange(&state)
            tellOfKept(sandbox.key.version, state)
            return true
        }
        if isKept { sandbox.sandbox.rest() }
    }

    // MARK: - Under the lock

    func isTooMany(_ sandbox: LiveSandbox, _ state: State) -> Bool {
        guard sandbox.key.isKept, let group = state[sandbox.key] else { return false }
        return group.members > group.wanted
    }

    func letGo(_ version: VersionKey, _ state: inout State) {
        guard let group = state.kept.removeValue(forKey: version) else { return }
        // Busy ones end with their invocation: they belong to nobody any more.
        for idle in group.idle { destroy(idle.sandbox, &state) }
        state.watcher?(version, 0, false)
    }

    func noteLoss(of sandbox: LiveSandbox, _ state: inout State) {
        guard sandbox.key.isKept, isCurrent(sandbox, state) else { return }
        state[sandbox.key]?.members -= 1
        tellOfKept(sandbox.key.version, state, isLoss: true)
    }

    private func tellOfKept(_ version: VersionKey, _ state: State, isLoss: Bool = false) {
        guard let group = state.kept[version] else { return }
        state.watcher?(version, group.members, isLoss && group.members < group.wanted)
    }
}

extension SandboxPool.State {
    var idle: [SandboxPool.Idle] { groups.values.flatMap(\.idle) + kept.values.flatMap(\.idle) }
}
