internal import FunctionModel
import Synchronization

/// Which invocations may run now: counts them by function, apart from the pool of sandboxes, against what functions have reserved and
/// what the account has.
///
/// On the way of every invocation: one lock, one look-up, no suspension.
final class Admission: Sendable {
    /// What an admitted invocation is counted as; give it back with ``leave(_:)``.
    struct Permit: Sendable {
        fileprivate let key: VersionKey
        /// It has a sandbox that is kept ready.
        let isProvisioned: Bool
        fileprivate let isReserved: Bool
    }

    private struct Ready {
        var count = 0
        var running = 0
    }

    private struct Share {
        var reserved: Int?
        /// All that is provisioned, ready or not yet.
        var provisioned = 0
        /// Without those that have a sandbox kept ready.
        var running = 0
        var ready: [FunctionVersion: Ready] = [:]

        var isIdle: Bool { reserved == nil && provisioned == 0 && running == 0 && ready.isEmpty }
    }

    private struct State {
        var shares: [String: Share] = [:]
        /// Of functions that have nothing reserved.
        var unreservedRunning = 0
        /// What is left for them.
        var unreserved: Int
    }

    let limits: ConcurrencyLimits
    private let state: Mutex<State>

    init(_ limits: ConcurrencyLimits) {
        self.limits = limits
        state = Mutex(State(unreserved: limits.account))
    }

    // MARK: - Invocations

    /// Counts an invocation, or refuses it.
    func enter(_ key: VersionKey) throws(LambdaError) -> Permit {
        try state.withLock { state throws(LambdaError) in
            var refusal: LambdaError?
            var permit = Permit(key: key, isProvisioned: false, isReserved: false)
            let unreservedIsFull = state.unreservedRunning >= state.unreserved
            Self.change(&state.shares[key.functionName, default: Share()]) { share in
                if !share.ready.isEmpty, let ready = share.ready[key.version], ready.running < ready.count {
                    share.ready[key.version]?.running += 1
                    permit = Permit(key: key, isProvisioned: true, isReserved: false)
                } else if let reserved = share.reserved {
                    guard share.running < reserved - share.provisioned else {
                        refusal = .throttled(.reservedConcurrency)
                        return
                    }
                    share.running += 1
                    permit = Permit(key: key, isProvisioned: false, isReserved: true)
                } else if unreservedIsFull {
                    refusal = .throttled(.concurrentInvocations, retryAfterSeconds: 1)
                } else {
                    share.running += 1
                }
            }
            if let refusal {
                Self.forgetIfIdle(key.functionName, &state)
                throw refusal
            }
            if !permit.isProvisioned, !permit.isReserved { state.unreservedRunning += 1 }
            return permit
        }
    }

    func leave(_ permit: Permit) {
        state.withLock { state in
            if permit.isProvisioned {
                Self.change(&state.shares[permit.key.functionName, default: Share()]) { share in
                    guard var ready = share.ready[permit.key.version] else { return }
                    ready.running -= 1
                    // None is kept any more, and the last of those that were has ended.
                    share.ready[permit.key.version] = ready.count == 0 && ready.running == 0 ? nil : ready
                }
                Self.forgetIfIdle(permit.key.functionName, &state)
                return
            }
            state.shares[permit.key.functionName]?.running -= 1
            // Begun before a reservation was made or ended, it is counted where it was.
            if !permit.isReserved { state.unreservedRunning -= 1 }
            Self.forgetIfIdle(permit.key.functionName, &state)
        }
    }

    /// How many of a function run now.
    func running(_ function: String) -> Int {
        state.withLock { state in
            guard let share = state.shares[function] else { return 0 }
            return share.running + share.ready.values.reduce(0) { $0 + $1.running }
        }
    }

    // MARK: - Reservations

    func reserved(_ function: String) -> Int? { state.withLock { $0.shares[function]?.reserved } }

    /// What is provisioned of all a function's qualifiers.
    func provisioned(_ function: String) -> Int { state.withLock { $0.shares[function]?.provisioned ?? 0 } }

    /// What functions have that reserved nothing.
    var unreserved: Int { state.withLock { $0.unreserved } }

    func setReserved(_ executions: Int?, of function: String) {
        state.withLock { state in
            Self.change(&state.shares[function, default: Share()]) { $0.reserved = executions }
            settle(function, &state)
        }
    }

    /// - Parameter provisioned: of all the function's qualifiers.
    func setProvisioned(_ provisioned: Int, of function: String) {
        state.withLock { state in
            Self.change(&state.shares[function, default: Share()]) { $0.provisioned = provisioned }
            settle(function, &state)
        }
    }

    /// So many sandboxes of a version are kept ready now.
    func setReady(_ count: Int, of key: VersionKey) {
        state.withLock { state in
            Self.change(&state.shares[key.functionName, default: Share()]) { share in
                var ready = share.ready[key.version] ?? Ready()
                ready.count = count
                share.ready[key.version] = count == 0 && ready.running == 0 ? nil : ready
            }
            settle(key.functionName, &state)
        }
    }

    /// The function is gone. What still runs of it is counted until it ends.
    func forget(_ function: String) {
        state.withLock { state in
            guard state.shares[function] != nil else { return }
            Self.change(&state.shares[function, default: Share()]) { share in
                share.reserved = nil
                share.provisioned = 0
                share.ready = share.ready.filter { $0.value.running > 0 }.mapValues { Ready(running: $0.running) }
            }
            settle(function, &state)
        }
    }

    // MARK: - Under the lock

    private func settle(_ function: String, _ state: inout State) {
        Self.forgetIfIdle(function, &state)
        state.unreserved = state.shares.values.reduce(limits.account) { $0 - ($1.reserved ?? $1.provisioned) }
    }

    private static func change<Value>(_ value: inout Value, _ body: (inout Value) -> Void) { body(&value) }

    private static func forgetIfIdle(_ function: String, _ state: inout State) {
        if state.shares[function]?.isIdle == true { state.shares[function] = nil }
    }
}
