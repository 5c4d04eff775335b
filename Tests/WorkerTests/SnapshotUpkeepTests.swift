import FunctionModel
import FunctionStore
import GuestProtocol
import Sandboxes
import Snapshots
import TestSupport
import Testing
import Worker

@Suite("A version that nobody invokes")
struct IdleVersionTests {
    private static let day = Duration.seconds(86_400)

    @Test("is Inactive after the retention time, and is made anew when somebody asks for it")
    func inactive() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished()
            await fixture.worker.upkeep.look()
            fixture.time.advance(by: Self.day * 13)
            await fixture.worker.upkeep.look()
            #expect(try await fixture.configuration("f", "1").state == .active)

            fixture.time.advance(by: Self.day)
            await fixture.worker.upkeep.look()
            let idle = try await fixture.configuration("f", "1")
            #expect(idle.state == .inactive(StateReason(code: "Idle", message: "The function is currently idle.")))
            #expect(idle.snapStart.optimizationStatus == .off)
            #expect(try fixture.snapshots().isEmpty)
            #expect(try await fixture.store.allSnapshotIDs().isEmpty)
            #expect(try await fixture.configuration().state == .active)

            let refusal = await #expect(throws: LambdaError.self) { try await fixture.invoke() }
            #expect(refusal?.code == .snapStartNotReady)
            await fixture.settled()
            #expect(try await fixture.configuration("f", "1").state == .active)
            #expect(try await fixture.invoke().functionError == nil)
        }
    }

    @Test("says Pending, for Restoring, while it is made anew")
    func pending() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished()
            await fixture.worker.upkeep.look()
            fixture.time.advance(by: Self.day * 15)
            await fixture.worker.upkeep.look()
            let meeting = Meeting()
            fixture.engine.change { $0.initialize = { _, _ in await meeting.wait() } }
            let first = await #expect(throws: LambdaError.self) { try await fixture.invoke() }
            #expect(first?.code == .snapStartNotReady)
            await meeting.arrival(of: 1)
            #expect(try await fixture.configuration("f", "1").state == .pending(.restoring))
            let second = await #expect(throws: LambdaError.self) { try await fixture.invoke() }
            #expect(second?.code == .resourceConflict)
            meeting.open()
        }
    }

    @Test("has failed, with the reason, when it cannot be initialised any more")
    func failed() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished()
            await fixture.worker.upkeep.look()
            fixture.time.advance(by: Self.day * 15)
            await fixture.worker.upkeep.look()
            fixture.engine.change {
                $0.initialize = { _, _ throws(SandboxError) in
                    throw .runtimeExited(.exited(status: 3), during: .initialization)
                }
            }
            await #expect(throws: LambdaError.self) { try await fixture.invoke() }
            await fixture.settled()
            let state = try await fixture.configuration("f", "1").state
            #expect(state.name == "Failed")
            #expect(state.reason?.code == "FunctionError.RuntimeInitError")
        }
    }

    @Test("is not one with a sandbox that waits, nor one that was thawed since the last look")
    func used() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished()
            await fixture.worker.upkeep.look()
            try await fixture.invoke()
            await fixture.settled()
            for _ in 0..<3 {
                fixture.time.advance(by: Self.day * 10)
                await fixture.worker.upkeep.look()
            }
            fixture.worker.pool.evictExpired(keepWarm: .zero)
            await fixture.settled()
            fixture.time.advance(by: Self.day * 13)
            try await fixture.invoke()
            await fixture.settled()
            fixture.worker.pool.evictExpired(keepWarm: .zero)
            await fixture.settled()
            fixture.time.advance(by: Self.day * 13)
            await fixture.worker.upkeep.look()
            #expect(try await fixture.configuration("f", "1").state == .active)
            fixture.time.advance(by: Self.day * 14)
            await fixture.worker.upkeep.look()
            #expect(try await fixture.configuration("f", "1").state.name == "Inactive")
        }
    }

    @Test("is known as such to the next server")
    func restarted() async throws {
        try await withScratchDirectory { directory in
            let first = try WorkerFixture.open(directory, FakeEngine())
            try await first.createPublished()
            await first.worker.upkeep.look()
            await first.worker.stop()
            try first.store.close()
            let second = try WorkerFixture.open(directory, FakeEngine())
            second.time.advance(by: Self.day * 14)
            try await second.worker.recover()
            await second.worker.upkeep.look()
            #expect(try await second.configuration("f", "1").state.name == "Inactive")
            await second.worker.stop()
        }
    }
}

@Suite("A version whose base image was built anew")
struct RegenerationTests {
    private static func rebuild(_ fixture: WorkerFixture) { fixture.files.change { $0.digest = "digest-2" } }

    private static func digests(_ fixture: WorkerFixture) -> [String] {
        fixture.engine.record.thaws.map(\.manifest.snapshot.imageDigest)
    }

    @Test("is served by its old snapshot until the new one is ready")
    func regenerated() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished()
            await fixture.worker.upkeep.look()
            #expect(fixture.engine.record.starts.count == 1)
            let before = try fixture.snapshots()
            Self.rebuild(fixture)
            let meeting = Meeting()
            fixture.engine.change { $0.initialize = { _, _ in await meeting.wait() } }
            let look = Task { await fixture.worker.upkeep.look() }
            await meeting.arrival(of: 1)
            #expect(try await fixture.configuration("f", "1").state == .active)
            #expect(try await fixture.invoke().functionError == nil)
            meeting.open()
            await look.value

            let version = try await fixture.configuration("f", "1")
            #expect(version.state == .active && version.snapStart.optimizationStatus == .on)
            #expect(version.runtimeVersionARN?.hasSuffix(":digest-2") == true)
            #expect(try await fixture.invoke().functionError == nil)
            #expect(Self.digests(fixture) == ["digest-1", "digest-2"])
            await fixture.settled()
            let after = try fixture.snapshots()
            #expect(after.count == 1 && after != before)
            await fixture.worker.upkeep.look()
            #expect(fixture.engine.record.starts.count == 2)
        }
    }

    @Test(
        "keeps its old snapshot when the new one cannot be had, which is tried once",
        arguments: ["init", "freeze", "clone"])
    func kept(failing step: String) async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished()
            let before = try fixture.snapshots()
            Self.rebuild(fixture)
            fixture.engine.change { script in
                switch step {
                case "init":
                    script.initialize = { _, _ throws(SandboxError) in
                        throw .runtimeExited(.exited(status: 3), during: .initialization)
                    }
                case "freeze": script.freeze = { _ throws(SandboxError) in throw .freezeRefused("a socket is open") }
                default: script.prepare = { .snapshotUnusable("too many links") }
                }
            }
            for _ in 0..<2 { await fixture.worker.upkeep.look() }
            #expect(fixture.engine.record.starts.count == 2)
            let version = try await fixture.configuration("f", "1")
            #expect(version.state == .active)
            #expect(version.runtimeVersionARN?.hasSuffix(":digest-1") == true)
            #expect(try fixture.snapshots() == before)
            #expect(try await fixture.invoke().functionError == nil)
            #expect(Self.digests(fixture) == ["digest-1"])
            #expect(try await fixture.logged().contains { $0.contains("The version keeps its snapshot") })
        }
    }

    @Test("stays on the old one where its runtime management says so", arguments: ["FunctionUpdate", "Manual"])
    func manual(updateOn: String) async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished()
            _ = try await fixture.worker.service.settings.setRuntimeManagement(
                updateOn, runtimeVersionARN: updateOn == "Manual" ? "arn:aws:lambda:us-east-1::runtime:digest-1" : nil,
                of: FunctionReference(name: "f", qualifier: "1"))
            Self.rebuild(fixture)
            await fixture.worker.upkeep.look()
            #expect(fixture.engine.record.starts.count == 1)
        }
    }

    @Test("leaves nothing when it is deleted meanwhile")
    func deleted() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished()
            Self.rebuild(fixture)
            let meeting = Meeting()
            fixture.engine.change { $0.initialize = { _, _ in await meeting.wait() } }
            let look = Task { await fixture.worker.upkeep.look() }
            await meeting.arrival(of: 1)
            try await fixture.worker.control.deleteFunction(FunctionReference(name: "f"))
            meeting.open()
            await look.value
            await fixture.settled()
            #expect(try fixture.snapshots().isEmpty)
        }
    }
}
