import FunctionModel
import GuestProtocol
import Sandboxes
import Snapshots
import Testing
import Worker

@Suite("A version of which no clone can be made")
struct UnrestorableTests {
    private static let reason =
        "a file that was mapped or open at the freeze cannot be opened: too many links (descriptor 7)"

    @Test("is initialised once more, and has failed with the restorer's reason when that was no better")
    func again() async throws {
        var script = FakeEngine.Script()
        script.restore = { _, _, _ throws(SandboxError) in throw .snapshotUnusable(Self.reason) }
        try await WorkerFixture.with(script, readyClones: 0) { fixture in
            try await fixture.createPublished()
            let first = await #expect(throws: LambdaError.self) { try await fixture.invoke() }
            #expect(first?.code == .snapStartNotReady)
            await fixture.settled()
            #expect(try await fixture.configuration("f", "1").state == .active)

            let second = await #expect(throws: LambdaError.self) { try await fixture.invoke() }
            #expect(second?.code == .resourceConflict)
            #expect(second?.message.contains(Self.reason) == true)
            await fixture.settled()
            let version = try await fixture.configuration("f", "1")
            #expect(version.state.name == "Failed")
            #expect(version.state.reason?.message.contains(Self.reason) == true)
            #expect(version.snapStart.optimizationStatus == .off)
            // The publish's, and that of the second try.
            #expect(fixture.engine.record.starts.count == 2)
            #expect(try fixture.snapshots().isEmpty)
            let lines = try await fixture.logged()
            #expect(lines.contains { $0.contains("No clone could be made") && $0.contains(Self.reason) })

            await #expect(throws: LambdaError.self) { try await fixture.invoke() }
            #expect(fixture.engine.record.thaws.count == 2)
        }
    }

    @Test("has another two tries once a clone was made")
    func between() async throws {
        try await WorkerFixture.with(readyClones: 0) { fixture in
            try await fixture.createPublished()
            for _ in 0..<3 {
                fixture.engine.loseAll()
                fixture.engine.change {
                    $0.restore = { _, _, _ throws(SandboxError) in throw .snapshotUnusable(Self.reason) }
                }
                let refusal = await #expect(throws: LambdaError.self) { try await fixture.invoke() }
                #expect(refusal?.code == .snapStartNotReady)
                await fixture.settled()
                fixture.engine.change { $0.restore = { _, _, _ in } }
                try await fixture.invoke()
                await fixture.settled()
            }
        }
    }

    @Test("has failed as soon as one that was to be prepared ahead could not be made")
    func ahead() async throws {
        var script = FakeEngine.Script()
        script.prepare = { .snapshotUnusable(Self.reason) }
        try await WorkerFixture.with(script) { fixture in
            try await fixture.createPublished()
            let version = try await fixture.configuration("f", "1")
            #expect(version.state.reason?.code == "FunctionError.SnapshotUnusable")
            #expect(version.state.reason?.message.contains(Self.reason) == true)
            #expect(try fixture.snapshots().isEmpty)
            #expect(try await fixture.logged().contains { $0.contains(Self.reason) })
            let refusal = await #expect(throws: LambdaError.self) { try await fixture.invoke() }
            #expect(refusal?.message.contains(Self.reason) == true)
        }
    }

    @Test("stays as it is when only the host had no room")
    func host() async throws {
        var script = FakeEngine.Script()
        script.prepare = { .host("no more processes") }
        script.restore = { _, _, _ throws(SandboxError) in throw .host("no more processes") }
        try await WorkerFixture.with(script) { fixture in
            try await fixture.createPublished()
            for _ in 0..<3 {
                let refusal = await #expect(throws: LambdaError.self) { try await fixture.invoke() }
                #expect(refusal?.code == .service)
                #expect(refusal?.message.contains("no more processes") == true)
            }
            #expect(try await fixture.configuration("f", "1").state == .active)
            #expect(try await fixture.logged().contains { $0.contains("no more processes") })
        }
    }
}

@Suite("A version that is not frozen as a process")
struct FallbackTests {
    private static let reason = "the runtime cannot be frozen: it has a child process, 17 (sh)"

    private func server(
        _ body: (_ processes: WorkerFixture, _ machines: FakeEngine) async throws -> Void
    ) async throws {
        var script = FakeEngine.Script()
        script.freeze = { _ throws(SandboxError) in throw .freezeRefused(Self.reason) }
        let machines = FakeEngine()
        try await withProcesses(script, others: [.of(machines)]) { try await body($0, machines) }
    }

    private func withProcesses(
        _ script: FakeEngine.Script, others: [EngineSelection.Deferred], _ body: (WorkerFixture) async throws -> Void
    ) async throws {
        try await WorkerFixture.with(script, isolation: .process, others: others, body)
    }

    @Test("is frozen in a virtual machine, and says why")
    func machine() async throws {
        try await server { fixture, machines in
            try await fixture.createPublished()
            let version = try await fixture.configuration("f", "1")
            #expect(version.state == .active)
            #expect(version.isolationReason?.contains(Self.reason) == true)
            #expect(machines.record.starts.map(\.isolation) == [.microvm])
            #expect(try await fixture.logged().contains { $0.contains("virtual machine") && $0.contains(Self.reason) })
            try await fixture.invoke()
            #expect(machines.record.thaws.count == 1)
            #expect(fixture.engine.record.thaws.isEmpty)
        }
    }

    @Test("has failed where its function asks for a process, and hears of the tag")
    func tagged() async throws {
        try await server { fixture, machines in
            try await fixture.createPublished(tags: ["thaw:isolation": "process"])
            let reason = try await fixture.configuration("f", "1").state.reason
            #expect(reason?.code == "FunctionError.SnapshotRefused")
            #expect(reason?.message.contains(Self.reason) == true)
            #expect(reason?.message.contains("thaw:isolation=microvm") == true)
            #expect(machines.record.starts.isEmpty)
        }
    }

    @Test("has failed where the server has no virtual machines")
    func alone() async throws {
        var script = FakeEngine.Script()
        script.freeze = { _ throws(SandboxError) in throw .freezeRefused(Self.reason) }
        try await withProcesses(script, others: []) { fixture in
            try await fixture.createPublished()
            let version = try await fixture.configuration("f", "1")
            #expect(version.state.reason?.message.contains("thaw:isolation=microvm") == true)
            #expect(fixture.engine.record.starts.count == 1)
        }
    }
}

extension EngineSelection.Deferred {
    fileprivate static func of(_ engine: FakeEngine) -> Self {
        Self(isolation: engine.isolation, make: { engine }, sweep: {})
    }
}
