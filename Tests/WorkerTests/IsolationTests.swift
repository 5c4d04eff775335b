import FunctionModel
import FunctionStore
import Sandboxes
import Synchronization
import TestSupport
import Testing
import Worker

@Suite("The isolation of a function's sandboxes")
struct IsolationTests {
    @Test("is the server's own unless a tag says otherwise, and then no other engine is made")
    func untagged() async throws {
        let processes = Processes()
        try await WorkerFixture.with(others: [processes.deferred]) { fixture in
            try await fixture.createPublished("f")
            try await fixture.createPublished("g", tags: ["thaw:isolation": "auto", "team": "a"])
            for name in ["f", "g"] {
                try await fixture.invoke(name)
                try await fixture.invoke(name, nil)
            }
            #expect(fixture.engine.record.starts.map(\.isolation) == [.microvm, .microvm, .microvm, .microvm])
            #expect(processes.made == 0)
        }
    }

    @Test("is what the tag says; the engine for it is made once, and shut down with the server")
    func tagged() async throws {
        let processes = Processes()
        try await WorkerFixture.with(others: [processes.deferred]) { fixture in
            for name in ["f", "g"] {
                try await fixture.createPublished(name, tags: ["thaw:isolation": "process"])
                try await fixture.invoke(name)
                try await fixture.invoke(name, nil)
            }
            #expect(processes.engine.record.starts.map(\.isolation) == [.process, .process, .process, .process])
            #expect(processes.engine.record.thaws.count == 2)
            #expect(processes.engine.record.ready.values.sorted() == [1, 1])
            #expect(processes.made == 1)
            #expect(fixture.engine.record.starts.isEmpty)
        }
        #expect(processes.engine.record.isShutDown)
    }

    @Test("changes for $LATEST with the tag: a sandbox of the old kind serves no new invocation")
    func changedForLatest() async throws {
        let processes = Processes()
        try await WorkerFixture.with(others: [processes.deferred]) { fixture in
            try await fixture.create(snapStart: false)
            await fixture.settled()
            try await fixture.invoke("f", nil)
            try await fixture.worker.control.tagFunction("f", tags: ["thaw:isolation": "process"])
            await fixture.settled()
            for _ in 0..<2 { try await fixture.invoke("f", nil) }
            await fixture.settled()
            #expect(fixture.engine.record.live.isEmpty)
            #expect(processes.engine.record.starts.count == 1)
            try await fixture.worker.control.untagFunction("f", keys: ["thaw:isolation"])
            try await fixture.invoke("f", nil)
            await fixture.settled()
            #expect(fixture.engine.record.starts.count == 2)
            #expect(processes.engine.record.live.isEmpty)
        }
    }

    @Test("changes for versions without a snapshot too, which are published once")
    func changedForVersion() async throws {
        let processes = Processes()
        try await WorkerFixture.with(others: [processes.deferred]) { fixture in
            try await fixture.createPublished(snapStart: false)
            try await fixture.invoke()
            try await fixture.worker.control.tagFunction("f", tags: ["thaw:isolation": "process"])
            try await fixture.invoke()
            #expect(processes.engine.record.starts.count == 1)
        }
    }

    @Test("stays that of a version's snapshot until the version is initialised again")
    func published() async throws {
        let processes = Processes()
        try await WorkerFixture.with(others: [processes.deferred]) { fixture in
            try await fixture.createPublished()
            try await fixture.worker.control.tagFunction("f", tags: ["thaw:isolation": "process"])
            for _ in 0..<2 { try await fixture.invoke() }
            #expect(fixture.engine.record.thaws.count == 1)
            #expect(processes.made == 0)

            fixture.engine.change {
                $0.restore = { _, _, _ throws(SandboxError) in throw .snapshotUnusable("another kernel") }
            }
            fixture.engine.loseAll()
            let refusal = await #expect(throws: LambdaError.self) { try await fixture.invoke() }
            #expect(refusal?.code == .snapStartNotReady)
            await fixture.settled()
            try await fixture.invoke()
            #expect(processes.engine.record.thaws.count == 1)
            #expect(try fixture.snapshots().count == 1)
        }
    }

    @Test("makes a new version when it is changed and published, and none when it is not")
    func publishedAnew() async throws {
        let processes = Processes()
        try await WorkerFixture.with(others: [processes.deferred]) { fixture in
            try await fixture.createPublished()
            try await fixture.worker.control.tagFunction("f", tags: ["team": "a", "thaw:isolation": "microvm"])
            #expect(try await fixture.publish().version == .published(1))
            try await fixture.worker.control.tagFunction("f", tags: ["thaw:isolation": "process"])
            #expect(try await fixture.publish().version == .published(2))
            await fixture.settled()
            for version in ["1", "2"] { try await fixture.invoke("f", version) }
            #expect(fixture.engine.record.thaws.count == 1)
            #expect(processes.engine.record.thaws.count == 1)
        }
    }

    @Test("may be changed while an update is in progress, which still ends")
    func changedWhileUpdating() async throws {
        let meeting = Meeting()
        try await WorkerFixture.with(others: [Processes().deferred]) { fixture in
            try await fixture.create(snapStart: false)
            await fixture.settled()
            fixture.files.change { $0.beforeCodeImage = { await meeting.wait() } }
            _ = try await fixture.worker.control.updateFunctionConfiguration(
                UpdateFunctionConfigurationRequest(
                    functionName: "f", runtime: nil, role: nil, handler: nil, settings: FunctionSettings(timeout: 7),
                    revisionID: nil))
            await meeting.arrival(of: 1)
            try await fixture.worker.control.tagFunction("f", tags: ["thaw:isolation": "process"])
            meeting.open()
            await fixture.settled()
            #expect(try await fixture.configuration().lastUpdate == .successful)
        }
    }

    @Test("that the server does not run fails by name: a publish, an invocation")
    func unavailable() async throws {
        try await withScratchDirectory { directory in
            let processes = Processes()
            let both = try WorkerFixture.open(directory, FakeEngine(), others: [processes.deferred])
            try await both.createPublished("f", tags: ["thaw:isolation": "process"])
            await both.worker.stop()
            try both.store.close()

            let one = try WorkerFixture.open(directory, FakeEngine())
            let error = await #expect(throws: LambdaError.self) { try await one.invoke("f", nil) }
            #expect(error?.code == .service)
            #expect(error?.message.contains("isolation process is not available on this server") == true)
            // Its snapshot is one that no engine here can use, and no other can be taken.
            let refusal = await #expect(throws: LambdaError.self) { try await one.invoke() }
            #expect(refusal?.code == .snapStartNotReady)
            await one.settled()
            let reason = try await one.configuration("f", "1").state.reason
            #expect(reason?.code == "InvalidConfiguration")
            #expect(reason?.message.contains("which runs microvm only") == true)

            let tagging = await #expect(throws: LambdaError.self) {
                try await one.worker.control.tagFunction("f", tags: ["thaw:isolation": "process"])
            }
            #expect(tagging?.code == .invalidParameterValue)
            try await one.worker.control.untagFunction("f", keys: ["thaw:isolation"])
            try await one.invoke("f", nil)
            await one.worker.stop()
        }
    }

    @Test("whose engine cannot be made fails with the reason, and is tried again the next time")
    func notMade() async throws {
        let processes = Processes()
        processes.fail("no user namespaces")
        try await WorkerFixture.with(others: [processes.deferred]) { fixture in
            try await fixture.create(snapStart: false, tags: ["thaw:isolation": "process"])
            await fixture.settled()
            let error = await #expect(throws: LambdaError.self) { try await fixture.invoke("f", nil) }
            #expect(error?.message.contains("no user namespaces") == true)
            processes.fail(nil)
            try await fixture.invoke("f", nil)
            #expect(processes.made == 1)
        }
    }

    @Test("of many first invocations at once makes one engine")
    func concurrently() async throws {
        let processes = Processes()
        try await WorkerFixture.with(others: [processes.deferred]) { fixture in
            try await fixture.create(snapStart: false, tags: ["thaw:isolation": "process"])
            await fixture.settled()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 { group.addTask { try await fixture.invoke("f", nil) } }
                try await group.waitForAll()
            }
            #expect(processes.made == 1)
        }
    }

    @Test("is swept at the start at every level, without making an engine")
    func sweeping() async throws {
        let processes = Processes()
        try await WorkerFixture.with(others: [processes.deferred]) { fixture in
            try await fixture.worker.recover()
            #expect(fixture.engine.record.sweeps == 1)
            #expect(processes.sweeps == 1)
            #expect(processes.made == 0)
        }
    }
}

/// A second engine, and how often it was made.
final class Processes: Sendable {
    private struct State {
        var made = 0
        var sweeps = 0
        var failure: String?
    }

    let engine = FakeEngine(isolation: .process)
    private let state = Mutex(State())

    var made: Int { state.withLock { $0.made } }
    var sweeps: Int { state.withLock { $0.sweeps } }

    func fail(_ reason: String?) { state.withLock { $0.failure = reason } }

    var deferred: EngineSelection.Deferred {
        EngineSelection.Deferred(
            isolation: .process,
            make: { [self] () throws(SandboxError) in
                if let failure = state.withLock({ $0.failure }) { throw .host(failure) }
                state.withLock { $0.made += 1 }
                return engine
            },
            sweep: { [self] () throws(SandboxError) in state.withLock { $0.sweeps += 1 } })
    }
}
