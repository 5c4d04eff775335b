import FunctionModel
import GuestProtocol
import Sandboxes
import Testing
import Worker

@Suite("An alias")
struct AliasTests {
    private static let arn = "arn:aws:lambda:us-east-1:123456789012:function:f"

    /// A function with the versions 1 and 2, whose answer is the ARN that it was invoked by.
    private func withVersions(_ body: @Sendable (WorkerFixture) async throws -> Void) async throws {
        var script = FakeEngine.Script()
        script.handler = { invocation, _ in .response(Array(invocation.invokedFunctionARN.utf8)) }
        try await WorkerFixture.with(script) { fixture in
            try await fixture.createPublished(snapStart: false)
            try await fixture.publishAnother()
            try await body(fixture)
        }
    }

    @Test("leads an invocation to its version, which is told the alias")
    func invoked() async throws {
        try await withVersions { fixture in
            try await fixture.alias("live", to: "1")
            let first = try await fixture.invoke("f", "live")
            #expect(first.executedVersion == .published(1))
            #expect(first.text == "\(Self.arn):live")
            try await fixture.move("live", to: "2")
            #expect(try await fixture.invoke("f", "live").executedVersion == .published(2))
            #expect(try await fixture.configuration("f", "live").version == .published(2))
            try await fixture.worker.aliases.deleteAlias("live", of: "f")
            let refusal = await #expect(throws: LambdaError.self) { try await fixture.invoke("f", "live") }
            #expect(refusal?.message == "Function not found: \(Self.arn):live")
        }
    }

    @Test("shares invocations between two versions by weight", arguments: [(0.0, [1]), (1.0, [2]), (0.5, [1, 2])])
    func weighted(weight: Double, expected: [Int]) async throws {
        try await withVersions { fixture in
            try await fixture.alias("live", to: "1", weights: ["2": weight])
            var seen: Set<FunctionVersion> = []
            for _ in 0..<64 { seen.insert(try await fixture.invoke("f", "live").executedVersion) }
            #expect(seen == Set(expected.map(FunctionVersion.published)))
            // Whoever reads is shown the first.
            #expect(try await fixture.configuration("f", "live").version == .published(1))
        }
    }

    @Test("keeps the versions that it leads to")
    func kept() async throws {
        try await withVersions { fixture in
            try await fixture.alias("live", to: "1", weights: ["2": 0.5])
            try await fixture.alias("also", to: "1")
            for (version, names) in [("1", "also, live"), ("2", "live")] {
                let refusal = await #expect(throws: LambdaError.self) {
                    try await fixture.worker.control.deleteFunction(FunctionReference(name: "f", qualifier: version))
                }
                #expect(refusal?.code == .resourceConflict)
                #expect(
                    refusal?.message
                        == "Unable to delete version because the following aliases reference it: [\(names)]")
            }
            try await fixture.move("live", to: "2", weights: [:])
            try await fixture.worker.aliases.deleteAlias("also", of: "f")
            try await fixture.worker.control.deleteFunction(FunctionReference(name: "f", qualifier: "1"))
            #expect(try await fixture.invoke("f", "live").executedVersion == .published(2))
        }
    }

    @Test("is moved to and fro under load without a failed call, also when what it left is deleted")
    func moved() async throws {
        try await withVersions { fixture in
            try await fixture.alias("live", to: "2")
            let callers = Task {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<4 {
                        group.addTask {
                            for _ in 0..<100 { _ = try await fixture.invoke("f", "live") }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            for round in 0..<40 { try await fixture.move("live", to: round % 2 == 0 ? "1" : "2") }
            try await callers.value
        }
    }

    @Test("is read again by a call whose version went while it looked")
    func successor() async throws {
        let (meeting, first) = (Meeting(), Once())
        try await withVersions { fixture in
            try await fixture.alias("live", to: "1")
            fixture.engine.change {
                $0.initialize = { _, _ throws(SandboxError) in
                    guard first.isNow else { return }
                    await meeting.wait()
                    throw .host("the code is gone")
                }
            }
            let call = Task { try await fixture.invoke("f", "live") }
            await meeting.arrival(of: 1)
            try await fixture.move("live", to: "2")
            try await fixture.worker.control.deleteFunction(FunctionReference(name: "f", qualifier: "1"))
            meeting.open()
            #expect(try await call.value.executedVersion == .published(2))
        }
    }

    @Test("leads nowhere that is not there, and to no version that failed")
    func refused() async throws {
        try await withVersions { fixture in
            for (function, version, name) in [("f", "10", "f:10"), ("g", "1", "g:1"), ("f", "0", "f:0")] {
                let refusal = await #expect(throws: LambdaError.self) {
                    try await fixture.alias("live", of: function, to: version)
                }
                #expect(refusal?.message == "Function not found: \(Self.arn.dropLast())\(name)")
            }
            try await fixture.alias("live", to: "$LATEST")
            let taken = await #expect(throws: LambdaError.self) { try await fixture.alias("live", to: "1") }
            #expect(taken?.message == "Alias already exists: \(Self.arn):live")
            let missing = await #expect(throws: LambdaError.self) { try await fixture.move("none", to: "1") }
            #expect(missing?.message == "Alias not found: \(Self.arn):none")
            let stale = await #expect(throws: LambdaError.self) {
                try await fixture.worker.aliases.updateAlias("live", of: "f", AliasMembers(revisionID: "stale"))
            }
            #expect(stale?.code == .preconditionFailed)

            fixture.engine.change { $0.initialize = { _, _ throws(SandboxError) in throw .host("no") } }
            try await fixture.publishAnother(timeout: 8, snapStart: .publishedVersions)
            #expect(try await fixture.configuration("f", "3").state.name == "Failed")
            let failed = await #expect(throws: LambdaError.self) { try await fixture.move("live", to: "3") }
            #expect(failed?.code == .resourceConflict)
        }
    }
}

extension WorkerFixture {
    /// Changes the function and publishes it again.
    fileprivate func publishAnother(timeout: Int = 7, snapStart: SnapStart.ApplyOn? = nil) async throws {
        _ = try await worker.control.updateFunctionConfiguration(
            UpdateFunctionConfigurationRequest(
                functionName: "f", runtime: nil, role: nil, handler: nil,
                settings: FunctionSettings(timeout: timeout, snapStart: snapStart), revisionID: nil))
        await settled()
        try await publish()
        await settled()
    }

    fileprivate func alias(
        _ name: String, of function: String = "f", to version: String, weights: [String: Double]? = nil
    ) async throws {
        _ = try await worker.aliases.createAlias(
            CreateAliasRequest(
                functionName: function, name: name,
                members: AliasMembers(functionVersion: version, weights: weights)))
    }

    fileprivate func move(_ name: String, to version: String, weights: [String: Double]? = nil) async throws {
        _ = try await worker.aliases.updateAlias(
            name, of: "f", AliasMembers(functionVersion: version, weights: weights))
    }
}
