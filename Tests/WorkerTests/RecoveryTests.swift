import FunctionModel
import FunctionStore
import LinuxKit
import Sandboxes
import Snapshots
import SystemPackage
import TestSupport
import Testing
import Worker

@Suite("After a crash")
struct RecoveryTests {
    /// Runs `before` on a server that then ends without a stop's courtesies, and `after` on the next one.
    private func restart(
        _ script: FakeEngine.Script = FakeEngine.Script(), then next: FakeEngine.Script = FakeEngine.Script(),
        before: (WorkerFixture) async throws -> Void,
        after: (WorkerFixture) async throws -> Void
    ) async throws {
        try await withScratchDirectory { directory in
            let first = try WorkerFixture.open(directory, FakeEngine(script))
            try await before(first)
            first.worker.tasks.cancelAll()
            try first.store.close()
            let second = try WorkerFixture.open(directory, FakeEngine(next))
            try await second.worker.recover()
            try await after(second)
            await second.worker.stop()
        }
    }

    @Test("a version that was being published is published")
    func resumedPublish() async throws {
        let meeting = Meeting()
        var script = FakeEngine.Script()
        script.initialize = { _, _ throws(SandboxError) in
            await meeting.wait()
            throw .destroyed
        }
        try await restart(script) { fixture in
            try await fixture.create()
            await fixture.settled()
            try await fixture.publish()
            await meeting.arrival(of: 1)
        } after: { fixture in
            await fixture.settled()
            let (version, answer) = (try await fixture.configuration("f", "1"), try await fixture.invoke())
            #expect(version.state == .active)
            #expect(answer.functionError == nil)
            #expect(fixture.engine.record.sweeps == 1)
            meeting.open()
        }
    }

    @Test("what was published is there and is thawed from its snapshot")
    func keptSnapshot() async throws {
        try await restart { fixture in
            try await fixture.createPublished()
        } after: { fixture in
            await fixture.settled()
            #expect(fixture.engine.record.starts.isEmpty)
            let answer = try await fixture.invoke()
            #expect(answer.functionError == nil)
            #expect(fixture.engine.record.thaws.count == 1)
        }
    }

    @Test("a snapshot in a state directory that moved is thawed from the files of the new place")
    func movedState() async throws {
        try await withScratchDirectory { directory in
            let (old, new) = (directory.appending("old"), directory.appending("new"))
            let first = try WorkerFixture.open(old, FakeEngine())
            try await first.createPublished()
            await first.worker.stop()
            try first.store.close()
            try DurableFile.rename(old, to: new)
            let second = try WorkerFixture.open(new, FakeEngine())
            try await second.worker.recover()
            #expect(try await second.invoke().functionError == nil)
            #expect(second.engine.record.starts.isEmpty)
            let published = try #require(second.engine.record.thaws.first)
            #expect(published.directory.starts(with: new))
            let code = try #require(published.basis?.code)
            #expect(
                published.basis
                    == SnapshotBasis(kernel: "/kernel", initramfs: "/initramfs", root: "/root.erofs", code: code))
            #expect(code.string.hasPrefix("/code/"))
            let manifest = try SmallFile.text(published.directory.appending("manifest.json"))
            #expect(!manifest.contains("/code/") && !manifest.contains(old.string))
            await second.worker.stop()
            try second.store.close()
        }
    }

    @Test("a version whose image is gone is initialised again on the present one")
    func imageGone() async throws {
        try await restart { fixture in
            try await fixture.createPublished()
        } after: { fixture in
            fixture.files.change {
                $0.gone = ["digest-1"]
                $0.digest = "digest-2"
            }
            let refusal = await #expect(throws: LambdaError.self) { try await fixture.invoke() }
            #expect(refusal?.code == .snapStartNotReady)
            await fixture.settled()
            let answer = try await fixture.invoke()
            #expect(answer.functionError == nil)
            #expect(fixture.engine.record.thaws.map(\.manifest.snapshot.imageDigest) == ["digest-2"])
        }
    }

    @Test("a snapshot that the engine has outgrown is made anew before anybody asks, and the others are left alone")
    func outgrownSnapshot() async throws {
        var upgraded = FakeEngine.Script()
        upgraded.refusal = { $0.snapshot.functionName == "old" ? "it was taken with QEMU 7.2" : nil }
        try await restart(then: upgraded) { fixture in
            try await fixture.createPublished("old")
            try await fixture.createPublished("new")
        } after: { fixture in
            await fixture.settled()
            #expect(fixture.engine.record.starts.count == 1)
            let kept = try fixture.snapshots()
            #expect(kept.count == 2)
            for name in ["old", "new"] {
                #expect(try await fixture.configuration(name, "1").state == .active)
                #expect(try await fixture.invoke(name).functionError == nil)
            }
            // The upgrade is not the versions' end: what was made anew is refused no more often than once a start.
            #expect(fixture.engine.record.starts.count == 1)
        }
    }

    @Test("a version whose snapshot is being made anew says that it is not ready")
    func outgrownSnapshotAskedFor() async throws {
        let meeting = Meeting()
        var upgraded = FakeEngine.Script()
        upgraded.refusal = { _ in "it was taken with QEMU 7.2" }
        upgraded.initialize = { _, _ in await meeting.wait() }
        try await restart(then: upgraded) { fixture in
            try await fixture.createPublished()
        } after: { fixture in
            await meeting.arrival(of: 1)
            let refusal = await #expect(throws: LambdaError.self) { try await fixture.invoke() }
            #expect(refusal?.code == .resourceConflict)
            meeting.open()
            await fixture.settled()
            let answer = try await fixture.invoke()
            #expect(answer.functionError == nil)
        }
    }

    @Test("a snapshot that no version has is removed")
    func leftoverSnapshot() async throws {
        try await restart { fixture in
            try await fixture.createPublished()
            let id = try #require(try fixture.snapshots().first)
            try await fixture.store.removeSnapshot(id.description)
        } after: { fixture in
            let left = try fixture.snapshots()
            #expect(left.isEmpty)
            // The version is initialised again when somebody asks for it.
            let refusal = await #expect(throws: LambdaError.self) { try await fixture.invoke() }
            #expect(refusal?.code == .snapStartNotReady)
            await fixture.settled()
            #expect(try await fixture.invoke().functionError == nil)
        }
    }
}

@Suite("A stop")
struct StopTests {
    @Test("lets an invocation under way end, refuses new ones and leaves no sandbox")
    func drains() async throws {
        let meeting = Meeting()
        try await withScratchDirectory { directory in
            let fixture = try WorkerFixture.open(directory, FakeEngine(SchedulingTests.meeting(meeting)))
            try await fixture.createPublished()
            async let answer = fixture.invoke()
            await meeting.arrival(of: 1)
            async let stopped: Void = fixture.worker.stop()
            await fixture.time.waitForSleeper(of: .seconds(20))
            let refusal = await #expect(throws: LambdaError.self) { try await fixture.invoke() }
            #expect(refusal?.code == .service)
            meeting.open()
            #expect(try await answer.functionError == nil)
            await stopped
            #expect(fixture.engine.record.isShutDown)
            #expect(fixture.worker.pool.count == 0)
        }
    }

    @Test("waits no longer once it is told to, before the stop or during it", arguments: [true, false])
    func endsInvocations(before: Bool) async throws {
        let meeting = Meeting()
        var script = FakeEngine.Script()
        script.handler = { _, _ throws(SandboxError) in
            await meeting.wait()
            throw .destroyed
        }
        // Nothing else ends the invocation.
        script.shutdown = { meeting.open() }
        try await withScratchDirectory { directory in
            let fixture = try WorkerFixture.open(directory, FakeEngine(script))
            try await fixture.createPublished()
            let answer = Task { try await fixture.invoke() }
            await meeting.arrival(of: 1)
            #expect(fixture.worker.pool.sandboxes().map(\.isIdle) == [false])
            if before { fixture.worker.endInvocations() }
            async let stopped: Void = fixture.worker.stop()
            if !before {
                await fixture.time.waitForSleeper(of: .seconds(20))
                fixture.worker.endInvocations()
            }
            await #expect(throws: LambdaError.self) { try await answer.value }
            await stopped
            #expect(fixture.worker.pool.sandboxes().isEmpty)
        }
    }

    @Test("does not wait longer than the drain limit")
    func deadline() async throws {
        let meeting = Meeting()
        var script = FakeEngine.Script()
        script.handler = { _, _ throws(SandboxError) in
            await meeting.wait()
            throw .destroyed
        }
        try await withScratchDirectory { directory in
            let engine = FakeEngine(script)
            let fixture = try WorkerFixture.open(directory, engine)
            try await fixture.createPublished()
            let answer = Task { try await fixture.invoke() }
            await meeting.arrival(of: 1)
            async let stopped: Void = fixture.worker.stop()
            await fixture.time.waitForSleeper(of: .seconds(20))
            fixture.time.advance(by: .seconds(20))
            // The engine's shutdown is what ends the invocation.
            meeting.open()
            await #expect(throws: LambdaError.self) { try await answer.value }
            await stopped
            #expect(engine.record.isShutDown)
        }
    }
}
