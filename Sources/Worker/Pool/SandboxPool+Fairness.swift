internal import FunctionModel
import Synchronization

/// Who gets the next place when all are taken: each function that asks has a like share of them, and one that has less than its share
/// waits a while for a place, before which no function with its share or more gets another.
///
/// Places are handed on as invocations end: nothing is interrupted. Where there is room nobody waits, and nothing is counted.
extension SandboxPool {
    /// How long a function waits that has less than its share.
    static let patienceBelowShare = Duration.seconds(1)

    /// From now on a function has a claim to the next place; ends with ``endWaiting(_:)``.
    func beginWaiting(_ function: String) { state.withLock { $0.waiting[function, default: 0] += 1 } }

    func endWaiting(_ function: String) {
        state.withLock { state in
            let others = (state.waiting[function] ?? 1) - 1
            state.waiting[function] = others == 0 ? nil : others
            // Whoever waits behind it looks again.
            tellOfChange(&state)
        }
    }

    // MARK: - Under the lock

    /// Whether a function has fewer sandboxes at work than the like share of all that want some.
    func isBelowShare(_ function: String, _ state: State) -> Bool {
        let busy = state.busy
        let all = Set(busy.keys).union(state.waiting.keys).union([function])
        return busy[function, default: 0] < max(1, limit / all.count)
    }
}

extension SandboxPool.State {
    /// The sandboxes of each function that serve or are being made, without those that are kept for it.
    fileprivate var busy: [String: Int] {
        var counts = starting
        for sandbox in live.values where !sandbox.key.isKept {
            counts[sandbox.key.version.functionName, default: 0] += 1
        }
        for (key, group) in groups where !group.idle.isEmpty {
            counts[key.functionName, default: 0] -= group.idle.count
        }
        return counts.filter { $0.value > 0 }
    }
}
