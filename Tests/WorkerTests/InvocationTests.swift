import FunctionModel
import GuestProtocol
import Sandboxes
import Testing
import Worker

@Suite("An invocation")
struct InvocationTests {
    @Test("answers with the runtime's bytes and the version that ran", arguments: [("1", "1"), (nil, "$LATEST")])
    func answer(qualifier: String?, version: String) async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished()
            let answer = try await fixture.invoke("f", qualifier, payload: #"{"a":1}"#)
            #expect(answer.text == #"{"a":1}"#)
            #expect(answer.executedVersion.description == version)
            #expect(answer.functionError == nil)
        }
    }

    @Test("with an empty payload gives the runtime an empty object")
    func empty() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished()
            #expect(try await fixture.invoke(payload: "").text == "{}")
        }
    }

    @Test("names the function as the caller did")
    func arn() async throws {
        var script = FakeEngine.Script()
        script.handler = { invocation, _ in .response(Array(invocation.invokedFunctionARN.utf8)) }
        try await WorkerFixture.with(script) { fixture in
            try await fixture.createPublished()
            let arn = "arn:aws:lambda:us-east-1:123456789012:function:f"
            #expect(try await fixture.invoke("f", "1").text == "\(arn):1")
            #expect(try await fixture.invoke("f", nil).text == arn)
        }
    }

    static let failures: [(SandboxError, payload: String, report: String)] = [
        (
            .timedOut(.invocation, limit: .seconds(3)),
            #"{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: id-1 Error: Task timed out after 3.00 seconds"}"#,
            "Status: timeout"
        ),
        (
            .runtimeExited(.exited(status: 0), during: .invocation),
            #"{"errorType":"Runtime.ExitError","errorMessage":"RequestId: id-1 Error: Runtime exited without providing a reason"}"#,
            "Status: error\tError Type: Runtime.ExitError"
        ),
        (
            .runtimeExited(.exited(status: 127), during: .invocation),
            #"{"errorType":"Runtime.ExitError","errorMessage":"RequestId: id-1 Error: Runtime exited with error: exit status 127"}"#,
            "Status: error\tError Type: Runtime.ExitError"
        ),
        (
            .runtimeExited(.killed(signal: 11), during: .invocation),
            #"{"errorType":"Runtime.ExitError","errorMessage":"RequestId: id-1 Error: Runtime exited with error: signal: segmentation fault"}"#,
            "Status: error\tError Type: Runtime.ExitError"
        ),
        (
            .runtimeExited(.outOfMemory, during: .invocation),
            #"{"errorType":"Runtime.OutOfMemory","errorMessage":"RequestId: id-1 Error: Runtime exited with error: signal: killed"}"#,
            "Status: error\tError Type: Runtime.OutOfMemory"
        ),
    ]

    @Test("that ends its runtime gets AWS's payload, and the next one a new clone", arguments: failures)
    func failure(error: SandboxError, payload: String, report: String) async throws {
        var script = FakeEngine.Script()
        script.handler = { _, _ throws(SandboxError) in throw error }
        try await WorkerFixture.with(script) { fixture in
            try await fixture.createPublished()
            let answer = try await fixture.invoke(tail: true)
            #expect(answer.text == payload)
            #expect(answer.functionError == "Unhandled")
            #expect(answer.tailText.contains(report))
            await fixture.settled()
            #expect(fixture.engine.record.live.isEmpty)
            fixture.engine.change { $0 = FakeEngine.Script() }
            #expect(try await fixture.invoke().functionError == nil)
            #expect(fixture.engine.record.thaws.count == 2)
        }
    }

    @Test("whose handler raises passes its words on, and keeps the clone")
    func raised() async throws {
        let body = Array(#"{"errorMessage":"no","errorType":"ValueError","requestId":"x","stackTrace":[]}"#.utf8)
        var script = FakeEngine.Script()
        script.handler = { _, _ in .error(RuntimeFailure(errorType: "Function.ValueError", body: body)) }
        try await WorkerFixture.with(script) { fixture in
            try await fixture.createPublished()
            for _ in 0..<2 {
                let answer = try await fixture.invoke()
                #expect(answer.payload == body)
                #expect(answer.functionError == "Unhandled")
            }
            #expect(fixture.engine.record.thaws.count == 1)
        }
    }

    @Test("with too large an answer gets AWS's error")
    func tooLarge() async throws {
        var script = FakeEngine.Script()
        script.handler = { _, _ in .response([UInt8](repeating: 32, count: Limits.payload + 1)) }
        try await WorkerFixture.with(script) { fixture in
            try await fixture.createPublished()
            let answer = try await fixture.invoke()
            #expect(
                answer.text
                    == #"{"errorType":"Function.ResponseSizeTooLarge","errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes)."}"#
            )
        }
    }

    @Test(
        "whose sandbox is lost is the server's failure",
        arguments: [
            SandboxError.lost("QEMU was killed", during: .invocation), .host("no memory"), .destroyed,
        ])
    func lost(error: SandboxError) async throws {
        var script = FakeEngine.Script()
        script.handler = { _, _ throws(SandboxError) in throw error }
        try await WorkerFixture.with(script) { fixture in
            try await fixture.createPublished()
            let thrown = await #expect(throws: LambdaError.self) { try await fixture.invoke() }
            #expect(thrown?.code == .service)
            await fixture.settled()
            #expect(fixture.engine.record.live.isEmpty)
        }
    }

    static let restores: [(SandboxError, LambdaError.Code, report: String)] = [
        (
            .restoreFailed(RuntimeFailure(errorType: "Runtime.AfterRestoreError", body: [])), .snapStart,
            "Status: error\tError Type: Runtime.AfterRestoreError"
        ),
        (.runtimeExited(.exited(status: 65), during: .restore), .snapStart, "Error Type: Runtime.ExitError"),
        (.timedOut(.restore, limit: .seconds(10)), .snapStartTimeout, "Status: timeout"),
        (.lost("QEMU was killed", during: .restore), .service, "Error Type: Sandbox.Failure"),
    ]

    @Test("that cannot be given a clone gets AWS's error", arguments: restores)
    func restore(error: SandboxError, code: LambdaError.Code, report: String) async throws {
        var script = FakeEngine.Script()
        script.restore = { _, _, _ throws(SandboxError) in throw error }
        try await WorkerFixture.with(script) { fixture in
            try await fixture.createPublished()
            let thrown = await #expect(throws: LambdaError.self) { try await fixture.invoke() }
            #expect(thrown?.code == code)
            #expect(try await fixture.logged().contains { $0.hasPrefix("RESTORE_REPORT") && $0.contains(report) })
            #expect(try await fixture.configuration("f", "1").state == .active)
            // Its room has been given back.
            #expect(fixture.worker.pool.count == 0)
        }
    }

    static let inits: [(SandboxError, payload: String)] = [
        (
            .initializationFailed(
                RuntimeFailure(errorType: "Runtime.ImportModuleError", body: Array(#"{"a":1}"#.utf8))),
            #"{"a":1}"#
        ),
        (
            .runtimeExited(.exited(status: 1), during: .initialization),
            #"{"errorType":"Runtime.ExitError","errorMessage":"RequestId: id-1 Error: Runtime exited with error: exit status 1"}"#
        ),
        (
            .timedOut(.initialization, limit: .seconds(10)),
            #"{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: id-1 Error: Task timed out after 3.00 seconds"}"#
        ),
    ]

    @Test("of $LATEST whose init fails gets the function's error", arguments: inits)
    func onDemandInit(error: SandboxError, payload: String) async throws {
        var script = FakeEngine.Script()
        script.initialize = { _, _ throws(SandboxError) in throw error }
        try await WorkerFixture.with(script) { fixture in
            try await fixture.create()
            await fixture.settled()
            let answer = try await fixture.invoke("f", nil)
            #expect(answer.text == payload)
            #expect(answer.functionError == "Unhandled")
            #expect(fixture.worker.pool.count == 0)
        }
    }

    @Test("of $LATEST whose init takes too long tries again within the function's timeout")
    func slowInit() async throws {
        let tries = Meeting()
        tries.open()
        var script = FakeEngine.Script()
        script.initialize = { [tries] _, _ throws(SandboxError) in
            await tries.wait()
            if tries.count == 1 { throw .timedOut(.initialization, limit: .seconds(10)) }
        }
        try await WorkerFixture.with(script) { fixture in
            try await fixture.create()
            await fixture.settled()
            #expect(try await fixture.invoke("f", nil).functionError == nil)
            #expect(
                try await fixture.logged().contains("INIT_REPORT Init Duration: 0.00 ms\tPhase: init\tStatus: timeout"))
        }
    }

    @Test(
        "of what is not there is refused",
        arguments: [
            ("g", nil, "Function not found: arn:aws:lambda:us-east-1:123456789012:function:g:$LATEST"),
            ("f", "9", "Function not found: arn:aws:lambda:us-east-1:123456789012:function:f:9"),
            ("f", "live", "Function not found: arn:aws:lambda:us-east-1:123456789012:function:f:live"),
        ] as [(String, String?, String)])
    func unknown(name: String, qualifier: String?, message: String) async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished()
            let error = await #expect(throws: LambdaError.self) { try await fixture.invoke(name, qualifier) }
            #expect(error?.code == .resourceNotFound)
            #expect(error?.message == message)
        }
    }

    @Test("that is a dry run starts nothing")
    func dryRun() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished()
            #expect(try await fixture.invoke(type: .dryRun).payload.isEmpty)
            #expect(fixture.engine.record.thaws.isEmpty)
        }
    }
}
