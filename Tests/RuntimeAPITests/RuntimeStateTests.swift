import GuestProtocol
import RuntimeAPI
import Testing

@Suite struct RuntimeStateTests {
    enum Call: CaseIterable {
        case invocationNext, restoreNext, seedNext, response, errorResponse, foreignResponse, initError, restoreError,
            release,
            startFromSeed, handOver, beginParts, endParts, breakOff
    }

    enum Outcome: Equatable {
        case to(RuntimeState)
        case forbidden(String, String)
        case invalidRequestID
        case refused
    }

    static let id: [UInt8] = [1]
    static let running = RuntimeState.running(requestID: id)
    static let responding = RuntimeState.responding(requestID: id)
    static let truncated = RuntimeState.truncated(requestID: id)
    static let sent = RuntimeState.responseSent(requestID: id)

    private static func outcome(_ state: RuntimeState, _ call: Call) -> Outcome {
        do throws(RuntimeState.Refusal) {
            switch call {
            case .invocationNext: return .to(try state.askedForInvocation())
            case .restoreNext: return .to(try state.askedForRestore())
            case .seedNext: return .to(try state.askedAsSeed())
            case .response: return .to(try state.answered(id, withError: false))
            case .errorResponse: return .to(try state.answered(id, withError: true))
            case .foreignResponse: return .to(try state.answered([2], withError: false))
            case .initError: return .to(try state.failedInit())
            case .restoreError: return .to(try state.failedRestore())
            case .release: return state.released().map { .to($0) } ?? .refused
            case .startFromSeed: return state.startedFromSeed().map { .to($0) } ?? .refused
            case .handOver: return state.handedOver(id).map { .to($0) } ?? .refused
            case .beginParts: return state.beganAnswer(id).map { .to($0) } ?? .refused
            case .endParts: return state.endedAnswer().map { .to($0) } ?? .refused
            case .breakOff: return state.brokeOffAnswer().map { .to($0) } ?? .refused
            }
        } catch {
            switch error {
            case .invalidRequestID: return .invalidRequestID
            case .invalidTransition(let from, let to): return .forbidden(from, to)
            }
        }
    }

    /// What is allowed; everything else must be refused.
    static let allowed: [(RuntimeState, Call, RuntimeState)] = [
        (.started, .invocationNext, .ready), (.started, .restoreNext, .restoreReady),
        (.started, .seedNext, .seedReady), (.seedReady, .startFromSeed, .started),
        (.started, .initError, .initError),
        (.restoreReady, .release, .restoring),
        (.restoring, .invocationNext, .ready), (.restoring, .restoreError, .restoreError),
        (.restoring, .initError, .restoreError),
        (.ready, .invocationNext, .ready), (.ready, .release, .ready), (.ready, .handOver, running),
        (running, .invocationNext, running), (running, .response, sent), (running, .errorResponse, sent),
        (sent, .invocationNext, .ready),
        (running, .beginParts, responding), (responding, .endParts, sent), (responding, .breakOff, truncated),
        (truncated, .invocationNext, .ready), (truncated, .errorResponse, sent),
    ]

    static let states: [(RuntimeState, String)] = [
        (.started, "Started"), (.seedReady, "SeedReady"), (.initError, "InitError"), (.restoreReady, "RestoreReady"),
        (.restoring, "Restoring"),
        (.restoreError, "RuntimeRestoreErrorState"), (.ready, "Ready"), (running, "Running"),
        (sent, "RuntimeResponseSentState"), (responding, "InvocationResponse"), (truncated, "InvocationResponse"),
    ]

    private static let withRequest = [running, responding, truncated, sent]

    private static func refusal(_ name: String, _ call: Call, hasRequest: Bool) -> Outcome {
        switch call {
        case .invocationNext, .restoreNext: .forbidden(name, "Ready")
        case .seedNext: .forbidden(name, "SeedReady")
        case .response: hasRequest ? .forbidden(name, "InvocationResponse") : .invalidRequestID
        case .errorResponse: hasRequest ? .forbidden(name, "InvocationErrorResponse") : .invalidRequestID
        case .foreignResponse: .invalidRequestID
        case .initError: .forbidden(name, "InitError")
        case .restoreError: .forbidden(name, "RuntimeRestoreErrorState")
        case .release, .startFromSeed, .handOver, .beginParts, .endParts, .breakOff: .refused
        }
    }

    @Test("every call in every state does what AWS's does", arguments: states, Call.allCases)
    func transitions(_ row: (state: RuntimeState, name: String), call: Call) {
        let expected =
            Self.allowed.first { $0.0 == row.state && $0.1 == call }.map { Outcome.to($0.2) }
            ?? Self.refusal(row.name, call, hasRequest: Self.withRequest.contains(row.state))
        #expect(Self.outcome(row.state, call) == expected)
    }
}
