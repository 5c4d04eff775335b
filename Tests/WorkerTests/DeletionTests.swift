import FunctionModel
import Sandboxes
import Testing
import Worker

@Suite("An invocation whose function is deleted meanwhile")
struct DeletionTests {
    /// Invokes while `change` comes between the start of a sandbox and its failure.
    private func invoke(
        _ qualifier: String?, failing error: SandboxError, during change: (WorkerFixture) async throws -> Void
    ) async throws -> (answer: Result<InvokeResponse, any Error>, starts: Int) {
        let meeting = Meeting()
        let first = Once()
        var script = FakeEngine.Script()
        script.initialize = { _, _ throws(SandboxError) in
            guard first.isNow else { return }
            await meeting.wait()
            throw error
        }
        script.restore = { _, _, _ throws(SandboxError) in
            await meeting.wait()
            throw error
        }
        var found: (Result<InvokeResponse, any Error>, Int)?
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished()
            fixture.engine.change { $0 = script }
            let call = Task { try await fixture.invoke("f", qualifier) }
            await meeting.arrival(of: 1)
            try await change(fixture)
            meeting.open()
            found = (await call.result, fixture.engine.record.starts.count)
        }
        return try #require(found)
    }

    static let failures: [SandboxError] = [
        .host("cannot open the code"), .host("the snapshot has been dropped"), .snapshotUnusable("it is gone"),
        .lost("it ended", during: .restore), .destroyed,
    ]

    @Test("is told that there is none, whatever it met", arguments: failures, ["1", nil] as [String?])
    func gone(error: SandboxError, qualifier: String?) async throws {
        let result = try await invoke(qualifier, failing: error) { fixture in
            try await fixture.worker.control.deleteFunction(FunctionReference(name: "f", qualifier: nil))
        }
        let refusal = #expect(throws: LambdaError.self) { try result.answer.get() }
        #expect(refusal?.code == .resourceNotFound)
        let arn = "arn:aws:lambda:us-east-1:123456789012:function:f:\(qualifier ?? "$LATEST")"
        #expect(refusal?.message == "Function not found: \(arn)")
    }

    @Test("is told so when it is only its version that is deleted")
    func versionGone() async throws {
        let result = try await invoke("1", failing: .snapshotUnusable("it is gone")) { fixture in
            try await fixture.worker.control.deleteFunction(FunctionReference(name: "f", qualifier: "1"))
        }
        let refusal = #expect(throws: LambdaError.self) { try result.answer.get() }
        #expect(refusal?.code == .resourceNotFound)
    }

    @Test("and that has begun, goes on to its end")
    func begun() async throws {
        let meeting = Meeting()
        try await WorkerFixture.with(SchedulingTests.meeting(meeting)) { fixture in
            try await fixture.createPublished()
            async let answer = fixture.invoke()
            await meeting.arrival(of: 1)
            try await fixture.worker.control.deleteFunction(FunctionReference(name: "f", qualifier: nil))
            meeting.open()
            #expect(try await answer.functionError == nil)
        }
    }

    @Test("or replaced, is served by what it has become")
    func replaced() async throws {
        let result = try await invoke(nil, failing: .host("cannot open the code")) { fixture in
            _ = try await fixture.worker.control.updateFunctionCode(
                UpdateFunctionCodeRequest(
                    functionName: "f", code: try fixture.upload("new"), publish: false, dryRun: false, revisionID: nil))
            await fixture.settledExceptInvocations()
        }
        #expect(try result.answer.get().functionError == nil)
        // The publish's, the one that failed, and the one that served.
        #expect(result.starts == 3)
    }

    @Test("is not begun again when nothing has changed")
    func unchanged() async throws {
        let result = try await invoke(nil, failing: .host("no room")) { _ in }
        let refusal = #expect(throws: LambdaError.self) { try result.answer.get() }
        #expect(refusal?.code == .service)
        #expect(result.starts == 2)
    }
}
