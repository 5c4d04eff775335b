import FunctionModel
import GuestProtocol
import Sandboxes
import Synchronization
import Worker

/// What the functions of a test were called with, and what they answer.
final class EventLog: Sendable {
    struct Call: Sendable, Equatable {
        let function: String
        let requestID: String
        let payload: String
    }

    private let calls = Mutex<[Call]>([])

    var all: [Call] { calls.withLock { $0 } }

    func calls(of function: String) -> [Call] { all.filter { $0.function == function } }

    /// Notes each call, and answers what `answer` says.
    func script(
        _ answer: @escaping @Sendable (Call) async -> InvocationResult = { _ in .response(Array("\"ok\"".utf8)) }
    ) -> FakeEngine.Script {
        var script = FakeEngine.Script()
        script.handler = { [self] invocation, _ in
            let arn = invocation.invokedFunctionARN.split(separator: ":")
            let call = Call(
                function: String(arn.count > 6 ? arn[6] : ""), requestID: invocation.requestID,
                payload: String(decoding: invocation.payload, as: UTF8.self))
            calls.withLock { $0.append(call) }
            return await answer(call)
        }
        return script
    }

    static let failure = InvocationResult.error(
        RuntimeFailure(errorType: "E", body: Array(#"{"errorMessage":"no","errorType":"E"}"#.utf8)))
}

extension WorkerFixture {
    func send(_ payload: String = "{}", to name: String = "f", _ qualifier: String? = nil, id: String = "event-1")
        async throws
    {
        _ = try await invoke(name, qualifier, payload: payload, id: id, type: .event)
    }

    /// Tries all events that are due, until none is.
    func runEvents() async {
        while worker.dispatcher.dispatch() > 0 { await settled() }
    }

    /// Lets time pass, and tries what is due then.
    func runEvents(after duration: Duration) async {
        time.advance(by: duration)
        await runEvents()
    }

    func configureEvents(
        of name: String = "f", _ qualifier: String? = nil, retries: Int? = nil, age: Int? = nil,
        onSuccess: String? = nil, onFailure: String? = nil
    ) async throws {
        _ = try await worker.eventConfigurations.putEventInvokeConfig(
            EventInvokeMembers(
                maximumRetryAttempts: retries, maximumEventAge: age,
                destinations: .init(onSuccess: onSuccess, onFailure: onFailure)),
            of: FunctionReference(name: name, qualifier: qualifier))
    }

    static func arn(_ name: String) -> String { "arn:aws:lambda:us-east-1:123456789012:function:\(name)" }
}
