import FunctionModel
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LambdaAPI
import Logging
import Synchronization
import Telemetry
import Testing
import Worker

/// What is seen of exchanges from outside.
@Suite struct CallTests {
    private final class Seen: Sendable {
        let exchanges = Mutex<[APIExchange]>([])
        let spans = Mutex<[String]>([])
        let invoked = Mutex<(requestID: String?, scope: String?, traceID: String?)>((nil, nil, nil))
    }

    private static func application(
        _ seen: Seen, traced: Bool = false, health: HealthReport = HealthReport([.init("process")])
    ) -> some ApplicationProtocol {
        let service = FakeLambdaService(functions: [.sample()]) { request in
            seen.invoked.withLock { $0 = (request.requestID, CallScope.requestID, request.traceID) }
            return InvokeResponse(executedVersion: .latest, functionError: nil, logTail: nil, payload: [])
        }
        let tracer = TraceLog { line in seen.spans.withLock { $0.append(String(decoding: line, as: UTF8.self)) } }
        return LambdaServer(
            service: service.service,
            configuration: .init(
                port: 0, abilities: ServerAbilities(runtimes: ["python3.11"]), health: { health },
                calls: traced ? CallTracer(tracer) : .off,
                observe: { exchange in seen.exchanges.withLock { $0.append(exchange) } }),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ).application()
    }

    private static let invocations = "/2015-03-31/functions/f/invocations"

    @Test("Health is a status for machines and a word for each check")
    func health() async throws {
        try await Self.application(Seen()).test(.router) { client in
            let response = try await client.execute(uri: "/healthz", method: .get)
            #expect(response.status == .ok)
            #expect(response.headers[.contentType] == "application/json")
            #expect(response.text == #"{"status":"ok","checks":{"process":"ok"}}"#)
        }
        let ill = HealthReport([.init("store", failure: "read-only")])
        try await Self.application(Seen(), health: ill).test(.router) { client in
            let response = try await client.execute(uri: "/healthz", method: .get)
            #expect(response.status == .serviceUnavailable)
            #expect(response.text == #"{"status":"unhealthy","checks":{"store":"read-only"}}"#)
        }
    }

    @Test("An exchange is told by its route, not by what the client made of it")
    func exchanges() async throws {
        let seen = Seen()
        try await Self.application(seen).test(.router) { client in
            _ = try await client.execute(uri: Self.invocations, method: .post)
            _ = try await client.execute(uri: "/2015-03-31/functions/unknown", method: .get)
            _ = try await client.execute(uri: "/such/a/path", method: .init("BREW") ?? .get)
        }
        let told = seen.exchanges.withLock { $0 }.map { "\($0.route.method) \($0.route.path) \($0.status)" }
        #expect(
            told == [
                "POST /2015-03-31/functions/{FunctionName}/invocations 200",
                "GET /2015-03-31/functions/{FunctionName} 404", "(other) (other) 404",
            ])
        #expect(seen.exchanges.withLock { $0 }.allSatisfy { $0.duration > .zero })
    }

    @Test("What a call sets off knows its request id")
    func scope() async throws {
        let seen = Seen()
        try await Self.application(seen).test(.router) { client in
            let response = try await client.execute(uri: Self.invocations, method: .post)
            let (requestID, scope, _) = seen.invoked.withLock { $0 }
            #expect(response.header("x-amzn-RequestId") == requestID)
            #expect(scope == requestID && scope != nil)
        }
        #expect(CallScope.requestID == nil)
    }

    @Test("A traced call is a span of the caller's trace, and what it calls belongs to the span")
    func span() async throws {
        let seen = Seen()
        let root = "1-5759e988-bd862e3fe1be46a994272793"
        try await Self.application(seen, traced: true).test(.router) { client in
            let response = try await client.execute(
                uri: Self.invocations, method: .post,
                headers: [HTTPField.Name("X-Amzn-Trace-Id")!: "Root=\(root);Parent=53995c3f42cd8ad8"])
            #expect(response.header("X-Amzn-Trace-Id") == seen.invoked.withLock { $0.traceID })
        }
        let passed = try #require(seen.invoked.withLock { $0.traceID }.flatMap { TraceHeader($0) })
        #expect(passed.root == root && passed.isSampled == true)
        let line = try #require(seen.spans.withLock { $0 }.first)
        #expect(line.contains(#""trace":"\#(root)""#))
        #expect(line.contains(#""span":"\#(passed.parent ?? "")","parent":"53995c3f42cd8ad8""#))
        #expect(line.contains(#""name":"POST /2015-03-31/functions/{FunctionName}/invocations""#))
        #expect(line.contains(#""http.response.status_code":200"#))
    }

    @Test("Without a tracer the caller's header passes as it came")
    func untraced() async throws {
        let seen = Seen()
        try await Self.application(seen).test(.router) { client in
            _ = try await client.execute(
                uri: Self.invocations, method: .post, headers: [HTTPField.Name("X-Amzn-Trace-Id")!: "Root=anything"])
        }
        #expect(seen.invoked.withLock { $0.traceID } == "Root=anything")
        #expect(seen.spans.withLock { $0 }.isEmpty)
    }
}
