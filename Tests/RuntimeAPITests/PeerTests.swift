import Glibc
import GuestProtocol
import LinuxKit
import RuntimeAPI
import SystemPackage
import TestSupport
import Testing

private let peerAnswers = Array(#"{"peer":true}"#.utf8)

/// Programs that were not written against this server.
@Suite struct PeerTests {
    /// Python's http.client, as AWS's runtime interface client uses it for everything but invocations.
    @Test(
        "http.client goes through a restore, an invocation and an error",
        .requiresFile("/usr/bin/env", "install coreutils"))
    func httpClient() throws {
        let script = """
            from http.client import HTTPConnection
            from os import environ
            def call(method, path, body=None, headers={}):
                connection = HTTPConnection(environ["AWS_LAMBDA_RUNTIME_API"])
                connection.request(method, path, body, headers)
                response = connection.getresponse()
                return response.status, response.headers, response.read()
            api = "/2018-06-01/runtime"
            assert call("GET", api + "/restore/next")[::2] == (200, b"")
            status, headers, body = call("GET", api + "/invocation/next")
            request = headers["Lambda-Runtime-Aws-Request-Id"]
            assert (status, body, headers["Lambda-Runtime-Deadline-Ms"]) == (200, b'{"a":1}', "1542409706888")
            chunks = (chunk for chunk in [b'{"peer"', b":true}"])
            assert call("POST", f"{api}/invocation/{request}/response", chunks)[0] == 202
            status, headers, body = call("GET", api + "/invocation/next")
            request = headers["Lambda-Runtime-Aws-Request-Id"]
            failure = call("POST", f"{api}/invocation/{request}/error", b"{}",
                           {"Lambda-Runtime-Function-Error-Type": "Function.Peer"})
            assert failure[0] == 202 and failure[2] == b'{"status":"OK"}\\n'
            assert call("GET", "/2018-06-01/ping")[2] == b"pong"
            """
        let events = try converse("python3", ["-c", script])
        #expect(
            events == [
                .initialized(.restoreNext), .restored, .responded(requestID: "1", payload: peerAnswers), .idle,
                .invocationFailed(requestID: "2", RuntimeFailure(errorType: "Function.Peer", body: Array("{}".utf8))),
            ])
    }

    /// libcurl sends `Expect: 100-continue` with a large body and waits a second for the answer.
    @Test(
        "curl sends a large answer with and without asking first",
        .requiresFile("/usr/bin/curl", "apt-get install curl"))
    func curl() throws {
        try withScratchDirectory { directory in
            let body = directory.appending("body")
            let payload = [UInt8](repeating: UInt8(ascii: "c"), count: 3_000_000)
            try DurableFile.write(payload, to: body)
            let script = """
                set -e
                api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime
                curl --silent --fail --output /dev/null $api/invocation/next
                curl --silent --fail --max-time 20 -H 'Expect: 100-continue' --data-binary @\(body) $api/invocation/1/response
                curl --silent --fail --output /dev/null $api/invocation/next
                curl --silent --fail --max-time 20 -H 'Expect:' -H 'Transfer-Encoding: chunked' --data-binary @\(body) \
                    $api/invocation/2/response
                """
            let events = try converse("sh", ["-c", script])
            #expect(
                events == [
                    .initialized(.invocationNext), .responded(requestID: "1", payload: payload), .idle,
                    .responded(requestID: "2", payload: payload),
                ])
        }
    }

    /// AWS's own client, unmodified; `pip install awslambdaric snapshot-restore-py`.
    @Test(
        "awslambdaric runs its hooks and a handler", .enabled("needs awslambdaric in python3's path", hasRuntimeClient))
    func awsRuntimeClient() throws {
        try withScratchDirectory { directory in
            let function = """
                from snapshot_restore_py import register_after_restore
                restored = []
                register_after_restore(lambda: restored.append(1))
                def handler(event, context):
                    if context.aws_request_id == "2": raise ValueError("no")
                    return {"peer": restored == [1]}
                """
            try DurableFile.write(function.utf8, to: directory.appending("app.py"))
            let script = """
                from sys import argv, path
                path.insert(0, argv[1])
                from awslambdaric.__main__ import main
                main(["bootstrap", "app.handler"])
                """
            let events = try converse("python3", ["-c", script, directory.string], until: 6)
            guard events.count >= 6, case .invocationFailed("2", let failure) = events[4] else {
                Issue.record("events were \(events)")
                return
            }
            #expect(events[0] == .initialized(.restoreNext) && events[1] == .restored && events[3] == .idle)
            #expect(events[2] == .responded(requestID: "1", payload: Array(#"{"peer": true}"#.utf8)))
            #expect(failure.errorType == "Runtime.Unknown")
            #expect(String(decoding: failure.body, as: UTF8.self).contains(#""errorType": "ValueError""#))
        }
    }

    private static func hasRuntimeClient() -> Bool {
        let plan = SpawnPlan(
            executable: "/usr/bin/env",
            arguments: ["env", "python3", "-c", "import awslambdaric, snapshot_restore_py"],
            environment: inheritedEnvironment())
        return (try? plan.spawn().waitBlocking(atMost: .seconds(20)))?.map { $0.reason == .exited(status: 0) } ?? false
    }
}

/// Runs a program as the runtime: released when it waits for a restore, then given the invocations "1" and "2".
/// - Parameter limit: how many events to wait for when the program does not end by itself.
private func converse(_ program: String, _ arguments: [String], until limit: Int = .max) throws -> [RuntimeEvent] {
    let harness = try Harness()
    var environment = inheritedEnvironment()
    environment["AWS_LAMBDA_RUNTIME_API"] = "127.0.0.1:\(harness.server.port)"
    environment["AWS_LAMBDA_INITIALIZATION_TYPE"] = "snap-start"
    environment["AWS_LAMBDA_FUNCTION_NAME"] = "f"
    var plan = SpawnPlan(
        executable: "/usr/bin/env", arguments: ["env", program] + arguments, environment: environment)
    plan.descriptors = [2: OwnedDescriptor(adopting: dup(2)).shared()]
    let child = try plan.spawn()
    defer { try? child.signal(SIGKILL) }
    var events: [RuntimeEvent] = []
    var exit: ProcessExit?
    try harness.turn {
        for event in harness.takeEvents() {
            events.append(event)
            switch event {
            case .initialized(.restoreNext): try harness.server.release()
            case .initialized(.invocationNext), .restored: try harness.server.invoke(.sample("1"))
            case .responded("1", _): try harness.server.invoke(.sample("2"))
            default: break
            }
        }
        exit = try child.poll()
        return exit != nil || events.count >= limit
    }
    if events.count < limit { #expect(exit?.reason == .exited(status: 0)) }
    return events + harness.takeEvents()
}

private func inheritedEnvironment() -> [String: String] {
    var variables: [String: String] = [:]
    var entry = environ
    while let text = entry.pointee.map({ String(cString: $0) }) {
        if let equals = text.firstIndex(of: "=") {
            variables[String(text[..<equals])] = String(text[text.index(after: equals)...])
        }
        entry += 1
    }
    return variables
}
