import FunctionModel
import FunctionStore
import GuestProtocol
import Sandboxes
import TestSupport
import Testing
import Worker

@Suite("A store that fails when a version is finished")
struct FailingStoreTests {
    /// Publishes, and locks the store once init has begun. `body` stops the worker.
    private func publishing(
        _ outcome: SandboxError? = nil, _ body: (WorkerFixture, LockableStore.Lock) async throws -> Void
    ) async throws {
        let meeting = Meeting()
        var script = FakeEngine.Script()
        script.initialize = { _, _ throws(SandboxError) in
            await meeting.wait()
            if let outcome { throw outcome }
        }
        try await withScratchDirectory { directory in
            let lock = LockableStore.Lock()
            let fixture = try WorkerFixture.open(
                directory, FakeEngine(script), functions: { LockableStore($0, lock) })
            try await fixture.create()
            await fixture.settled()
            try await fixture.publish()
            await meeting.arrival(of: 1)
            lock.begin()
            meeting.open()
            await fixture.time.waitForSleeper(of: .seconds(1))
            try await body(fixture, lock)
        }
    }

    @Test("is asked again, and the version is Active with the snapshot that was taken")
    func short() async throws {
        try await publishing { fixture, lock async throws in
            #expect(try await fixture.configuration("f", "1").state == .pending(.creating))
            lock.end()
            fixture.time.advance(by: .seconds(1))
            await fixture.settled()
            #expect(try await fixture.configuration("f", "1").state == .active)
            #expect(try await fixture.invoke().functionError == nil)
            #expect(fixture.engine.record.starts.count == 1)
            #expect(try fixture.snapshots().count == 1)
            await fixture.worker.stop()
        }
    }

    @Test("for longer than a publish waits, has the version end Failed with the reason once it goes on")
    func long() async throws {
        try await publishing { fixture, lock async throws in
            fixture.time.advance(by: .seconds(120))
            // The last try of the install, then the first of the end.
            await fixture.time.waitForSleeper(of: .seconds(1))
            lock.end()
            fixture.time.advance(by: .seconds(30))
            await fixture.settled()
            let reason = try await fixture.configuration("f", "1").state.reason
            #expect(reason?.code == "InternalError")
            #expect(reason?.message.contains("could not be recorded") == true, "\(String(describing: reason))")
            #expect(try fixture.snapshots().isEmpty)
            await fixture.worker.stop()
        }
    }

    @Test("does not hide why a publish failed")
    func failed() async throws {
        let exit = SandboxError.runtimeExited(.exited(status: 1), during: .initialization)
        try await publishing(exit) { fixture, lock async throws in
            lock.end()
            fixture.time.advance(by: .seconds(1))
            await fixture.settled()
            let reason = try await fixture.configuration("f", "1").state.reason
            #expect(reason?.code == "FunctionError.RuntimeInitError")
            await fixture.worker.stop()
        }
    }

    @Test("does not hold up a stop")
    func stop() async throws {
        try await publishing { fixture, lock async throws in
            await fixture.worker.stop()
            lock.end()
            #expect(try await fixture.store.unfinished().map(\.version) == [.published(1)])
        }
    }
}
