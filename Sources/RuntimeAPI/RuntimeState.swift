/// Where a runtime stands, as AWS's in-sandbox supervisor sees it. Pure: no sockets, no time.
///
/// ```
/// seedReady ──start from seed──▶ started
///    ▲                             │
///    └──────────seed/next──────────┘
/// started ──restore/next──▶ restoreReady ──release──▶ restoring ──invocation/next──▶ ready ──invoke──▶ running
///    ├──invocation/next──▶ ready                          └──restore/error──▶ restoreError              │
///    └──init/error──▶ initError        responseSent ◀──{id}/response, {id}/error────────────────────────┘
///                                            └──invocation/next──▶ ready
/// running ──response begins in parts──▶ responding ──its end──▶ responseSent
///                                           └──connection breaks──▶ truncated ──invocation/next──▶ ready
/// ```
package enum RuntimeState: Sendable, Equatable {
    /// Init code runs.
    case started
    /// Blocked in `/runtime/seed/next`: the runtime is booted and knows no function.
    case seedReady
    case initError
    /// Blocked in `/runtime/restore/next`.
    case restoreReady
    /// Released from there: after-restore hooks run.
    case restoring
    case restoreError
    /// Blocked in `/runtime/invocation/next`.
    case ready
    case running(requestID: [UInt8])
    /// Sends its answer in parts.
    case responding(requestID: [UInt8])
    /// The connection broke on which it did.
    case truncated(requestID: [UInt8])
    /// Has answered and not yet asked for more.
    case responseSent(requestID: [UInt8])

    /// AWS's name of the state, as it appears in the messages of 403 answers.
    var name: StaticString {
        switch self {
        case .started: "Started"
        case .seedReady: "SeedReady"
        case .initError: "InitError"
        case .restoreReady: "RestoreReady"
        case .restoring: "Restoring"
        case .restoreError: "RuntimeRestoreErrorState"
        case .ready: "Ready"
        case .running: "Running"
        case .responding, .truncated: "InvocationResponse"
        case .responseSent: "RuntimeResponseSentState"
        }
    }

    /// The invocation that the runtime may answer, or has just answered.
    private var currentRequestID: [UInt8]? {
        switch self {
        case .running(let requestID), .responding(let requestID), .truncated(let requestID),
            .responseSent(let requestID):
            requestID
        default: nil
        }
    }

    package enum Refusal: Error, Sendable, Equatable {
        /// 403 `InvalidStateTransition`.
        case invalidTransition(from: String, to: String)
        /// 400 `InvalidRequestID`.
        case invalidRequestID
    }

    // MARK: - What the runtime calls

    /// `GET /runtime/invocation/next`. A runtime that asks again while it runs gets the same event again, as on AWS.
    package func askedForInvocation() throws(Refusal) -> RuntimeState {
        switch self {
        case .started, .restoring, .responseSent, .truncated, .ready: return .ready
        case .running: return self
        default: throw refusal(to: "Ready")
        }
    }

    /// `GET /runtime/restore/next`. AWS names the state asked for `Ready` here too.
    package func askedForRestore() throws(Refusal) -> RuntimeState {
        guard case .started = self else { throw refusal(to: "Ready") }
        return .restoreReady
    }

    /// `GET /runtime/seed/next`.
    package func askedAsSeed() throws(Refusal) -> RuntimeState {
        guard case .started = self else { throw refusal(to: "SeedReady") }
        return .seedReady
    }

    /// `POST /runtime/invocation/{id}/response` or `…/error`. The request id is checked before the state, as AWS does.
    package func answered(_ requestID: [UInt8], withError: Bool) throws(Refusal) -> RuntimeState {
        guard let currentRequestID, currentRequestID.equals(requestID) else { throw .invalidRequestID }
        switch self {
        case .running: break
        // What the runtime has to say of an answer that it could not send.
        case .truncated where withError: break
        default: throw refusal(to: withError ? "InvocationErrorResponse" : "InvocationResponse")
        }
        return .responseSent(requestID: currentRequestID)
    }

    /// The head of a `POST …/response` whose body comes in parts. Nil when it has no business here, as its end will tell.
    package func beganAnswer(_ requestID: [UInt8]) -> RuntimeState? {
        guard case .running(let current) = self, current.equals(requestID) else { return nil }
        return .responding(requestID: current)
    }

    /// All parts have come, or no more of them are wanted.
    package func endedAnswer() -> RuntimeState? {
        guard case .responding(let requestID) = self else { return nil }
        return .responseSent(requestID: requestID)
    }

    /// No more parts come.
    package func brokeOffAnswer() -> RuntimeState? {
        guard case .responding(let requestID) = self else { return nil }
        return .truncated(requestID: requestID)
    }

    /// `POST /runtime/init/error`. While hooks run after a restore it counts as a restore error, as on AWS.
    package func failedInit() throws(Refusal) -> RuntimeState {
        switch self {
        case .started: return .initError
        case .restoring: return .restoreError
        default: throw refusal(to: "InitError")
        }
    }

    /// `POST /runtime/restore/error`.
    package func failedRestore() throws(Refusal) -> RuntimeState {
        guard case .restoring = self else { throw refusal(to: "RuntimeRestoreErrorState") }
        return .restoreError
    }

    // MARK: - What the platform does

    /// A restored clone is let go. A runtime that never asked for a restore stays ready: "not interested in restore".
    /// Nil when the runtime is in neither call.
    package func released() -> RuntimeState? {
        switch self {
        case .restoreReady: .restoring
        case .ready: .ready
        default: nil
        }
    }

    /// The runtime is told its function: its init begins. Nil when it does not wait for that.
    package func startedFromSeed() -> RuntimeState? {
        if case .seedReady = self { .started } else { nil }
    }

    /// An event is handed over. Nil when the runtime does not wait for one.
    package func handedOver(_ requestID: [UInt8]) -> RuntimeState? {
        guard case .ready = self else { return nil }
        return .running(requestID: requestID)
    }

    private func refusal(to state: String) -> Refusal { .invalidTransition(from: "\(name)", to: state) }
}
