import FunctionModel
import GuestProtocol
import Sandboxes
import Snapshots
import Testing
import Worker

@Suite("Invocations share sandboxes")
struct SchedulingTests {
    @Test("one after the other, in one clone")
    func reuse() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished()
            for _ in 0..<3 { try await fixture.invoke() }
            #expect(fixture.engine.record.thaws.count == 1)
            #expect(Set(fixture.engine.record.served).count == 1)
        }
    }

    @Test("which stands still once nobody has needed it for some milliseconds")
    func rest() async throws {
        let stood = Meeting()
        var script = FakeEngine.Script()
        script.rest = { Task { await stood.wait() } }
        stood.open()
        try await WorkerFixture.with(script) { fixture in
            try await fixture.createPublished()
            try await fixture.invoke()
            await fixture.settled()
            fixture.time.advance(by: .milliseconds(3))
            try await fixture.invoke()
            await fixture.settled()
            // Its time begins anew with each invocation.
            fixture.time.advance(by: .milliseconds(2))
            await fixture.time.waitForSleeper(of: .milliseconds(3))
            #expect(fixture.engine.record.rested.isEmpty)
            fixture.time.advance(by: .milliseconds(3))
            await stood.arrival(of: 1)
            try await fixture.invoke()
            await fixture.settled()
            await fixture.time.expire(.milliseconds(5))
            await stood.arrival(of: 2)
            #expect(Set(fixture.engine.record.rested) == Set(fixture.engine.record.served))
        }
    }

    @Test("but not one that ended while it was idle")
    func lost() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished()
            try await fixture.invoke()
            fixture.engine.loseAll()
            try await fixture.invoke()
            #expect(fixture.engine.record.thaws.count == 2)
        }
    }

    @Test("at the same time, in a clone each")
    func concurrency() async throws {
        let meeting = Meeting()
        try await WorkerFixture.with(Self.meeting(meeting)) { fixture in
            try await fixture.createPublished()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { try await fixture.invoke() } }
                await meeting.arrival(of: 4)
                meeting.open()
                try await group.waitForAll()
            }
            #expect(fixture.engine.record.thaws.count == 4)
            #expect(Set(fixture.engine.record.served).count == 4)
        }
    }

    @Test("and wait for a clone that is just getting ready again")
    func settling() async throws {
        let settled = Meeting()
        try await WorkerFixture.with(Self.settling(settled)) { fixture in
            try await fixture.createPublished()
            try await fixture.invoke()
            async let second = fixture.invoke()
            await settled.arrival(of: 1)
            #expect(fixture.engine.record.rested.isEmpty)
            settled.open()
            _ = try await second
            #expect(fixture.engine.record.thaws.count == 1)
        }
    }

    @Test(
        "but not for one that is still at work: a new one serves, and each is idle again when it asks for the next event"
    )
    func stillAtWork() async throws {
        let asked = Meeting()
        try await WorkerFixture.with(Self.settling(asked)) { fixture in
            try await fixture.createPublished()
            try await fixture.invoke()
            async let second = fixture.invoke()
            await fixture.time.expire(.milliseconds(1))
            _ = try await second
            async let third = fixture.invoke()
            // Nobody waits twice for the first one.
            await fixture.time.expire(.milliseconds(1))
            _ = try await third
            #expect(Set(fixture.engine.record.served).count == 3)
            asked.open()
            await fixture.settledExceptInvocations()
            for _ in 0..<3 {
                try await fixture.invoke()
                await fixture.settledExceptInvocations()
            }
            #expect(Set(fixture.engine.record.served).count == 3)
        }
    }

    @Test("a sandbox that never asks for its next event ends, at its function's timeout")
    func neverAsks() async throws {
        var script = FakeEngine.Script()
        script.settle = { () throws(SandboxError) in throw .timedOut(.invocation, limit: .seconds(3)) }
        try await WorkerFixture.with(script) { fixture in
            var settings = FunctionSettings()
            settings.timeout = 3
            try await fixture.createPublished(settings: settings)
            try await fixture.invoke()
            await fixture.settled()
            #expect(fixture.engine.record.live.isEmpty)
            let limits = fixture.engine.record.idleLimits
            #expect(limits == [.seconds(3)])
        }
    }

    @Test("the end of the log is not waited for when the function is still at work")
    func tailOfBusy() async throws {
        let asked = Meeting()
        try await WorkerFixture.with(Self.settling(asked)) { fixture in
            try await fixture.createPublished()
            async let answer = fixture.invoke(tail: true)
            await fixture.time.expire(.milliseconds(200))
            #expect(!(try await answer.tailText).contains("REPORT"))
            asked.open()
            await fixture.settled()
            #expect(try await fixture.logged().contains { $0.hasPrefix("REPORT") })
        }
    }

    @Test("where there is no room for a new one, a moment longer, and then 429")
    func stillAtWorkWhenFull() async throws {
        let asked = Meeting()
        try await WorkerFixture.with(Self.settling(asked), maximumSandboxes: 1) { fixture in
            try await fixture.createPublished()
            try await fixture.invoke()
            let refused = Task { try await fixture.invoke() }
            await fixture.time.expire(.milliseconds(100))
            await #expect(throws: LambdaError.throttled(.concurrentInvocations, retryAfterSeconds: 1)) {
                try await refused.value
            }
            asked.open()
            await fixture.settledExceptInvocations()
            try await fixture.invoke()
            #expect(Set(fixture.engine.record.served).count == 1)
        }
    }

    @Test("the one used last first")
    func mostRecentFirst() async throws {
        let (first, second) = (Meeting(), Meeting())
        var script = FakeEngine.Script()
        script.handler = { invocation, _ in
            switch invocation.requestID {
            case "one": await first.wait()
            case "two": await second.wait()
            default: break
            }
            return .response([])
        }
        try await WorkerFixture.with(script) { fixture in
            try await fixture.createPublished()
            async let one = fixture.invoke(id: "one")
            await first.arrival(of: 1)
            async let two = fixture.invoke(id: "two")
            await second.arrival(of: 1)
            first.open()
            _ = try await one
            await fixture.settledExceptInvocations()
            second.open()
            _ = try await two
            await fixture.settled()
            for _ in 0..<3 {
                try await fixture.invoke(id: "three")
                await fixture.settled()
            }
            let served = fixture.engine.record.served
            #expect(served.dropFirst(2).allSatisfy { $0 == served[1] })
        }
    }

    @Test("until there are as many as there may be: then 429")
    func throttled() async throws {
        let meeting = Meeting()
        try await WorkerFixture.with(Self.meeting(meeting), maximumSandboxes: 2) { fixture in
            try await fixture.createPublished()
            async let one = fixture.invoke()
            async let two = fixture.invoke()
            await meeting.arrival(of: 2)
            let error = await #expect(throws: LambdaError.self) { try await fixture.invoke() }
            #expect(error?.code == .tooManyRequests)
            #expect(error?.reason == "ConcurrentInvocationLimitExceeded" && error?.retryAfterSeconds == 1)
            meeting.open()
            _ = try await (one, two)
            try await fixture.invoke()
        }
    }

    @Test("and an idle one of another function gives way when all room is taken")
    func eviction() async throws {
        try await WorkerFixture.with(maximumSandboxes: 1) { fixture in
            for name in ["f", "g"] { try await fixture.createPublished(name) }
            for name in ["f", "g", "f"] { try await fixture.invoke(name) }
            await fixture.settled()
            #expect(fixture.engine.record.thaws.map(\.manifest.snapshot.functionName) == ["f", "g", "f"])
            #expect(fixture.engine.record.live.count == 1)
        }
    }

    @Test("which is destroyed once nobody has used it for the keep-warm time")
    func keepWarm() async throws {
        try await WorkerFixture.with(keepWarm: .seconds(60)) { fixture in
            let eviction = Task {
                await IdleEviction(pool: fixture.worker.pool, keepWarm: .seconds(60), clock: fixture.time.clock).run()
            }
            try await fixture.createPublished()
            try await fixture.invoke()
            await fixture.time.waitForSleeper(of: .seconds(60))
            fixture.time.advance(by: .seconds(59))
            try await fixture.invoke()
            await fixture.settled()
            // The first sleep ends here, and finds that the clone has been used since.
            fixture.time.advance(by: .seconds(1))
            await fixture.time.waitForSleeper(of: .seconds(59))
            #expect(fixture.engine.record.live.count == 1)
            fixture.time.advance(by: .seconds(59))
            eviction.cancel()
            await eviction.value
            await fixture.settled()
            #expect(fixture.engine.record.live.isEmpty)
            try await fixture.invoke()
            #expect(fixture.engine.record.thaws.count == 2)
        }
    }

    @Test("unless the function was changed: an old one serves no new invocation")
    func update() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.create(snapStart: false)
            await fixture.settled()
            try await fixture.invoke("f", nil)
            await fixture.settled()
            _ = try await fixture.worker.control.updateFunctionConfiguration(
                UpdateFunctionConfigurationRequest(
                    functionName: "f", runtime: nil, role: nil, handler: nil,
                    settings: FunctionSettings(environment: ["COLOUR": "2"]), revisionID: nil))
            await fixture.settled()
            try await fixture.invoke("f", nil)
            await fixture.settled()
            let starts = fixture.engine.record.starts
            #expect(starts.count == 2)
            #expect(starts.last?.initialization.environment.contains { $0.name == "COLOUR" && $0.value == "2" } == true)
            #expect(fixture.engine.record.live.count == 1)
        }
    }

    @Test("with clones kept ready for the versions in use")
    func ready() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished()
            #expect(fixture.engine.record.ready.values.sorted() == [1])
            try await fixture.worker.control.deleteFunction(FunctionReference(name: "f"))
            #expect(fixture.engine.record.ready.isEmpty)
        }
    }

    @Test("of which those of eight versions stay when more are used in turn, until one is used more often")
    func turns() async throws {
        try await WorkerFixture.with { fixture in
            let names = (0..<10).map { "f\($0)" }
            for name in names { try await fixture.createPublished(name) }
            func ready() -> Set<SnapshotID> { Set(fixture.engine.record.ready.filter { $0.value == 1 }.keys) }
            let first = ready()
            #expect(first.count == 8)
            // Each invocation needs a new clone.
            func invoke(_ name: String) async throws {
                try await fixture.invoke(name)
                await fixture.settled()
                fixture.engine.loseAll()
            }
            for name in names + names + names { try await invoke(name) }
            #expect(ready() == first)
            for _ in 0..<2 { try await invoke(names[0]) }
            #expect(ready().count == 8 && ready().subtracting(first).count == 1)
        }
    }

    @Test("of a version that is deleted is the engine told, even where no clones are kept ready")
    func forgotten() async throws {
        try await WorkerFixture.with(readyClones: 0) { fixture in
            try await fixture.createPublished()
            try await fixture.invoke()
            await fixture.settled()
            let snapshots = try fixture.snapshots()
            try await fixture.worker.control.deleteFunction(FunctionReference(name: "f"))
            #expect(fixture.engine.record.forgotten == snapshots)
            await fixture.settled()
            #expect(try fixture.snapshots().isEmpty)
        }
    }

    @Test("with entropy, time and credentials of their own, under one token")
    func uniqueness() async throws {
        let meeting = Meeting()
        try await WorkerFixture.with(Self.meeting(meeting)) { fixture in
            try await fixture.createPublished()
            async let one = fixture.invoke()
            async let two = fixture.invoke()
            await meeting.arrival(of: 2)
            meeting.open()
            _ = try await (one, two)
            let made = fixture.engine.record.uniqueness
            let init_ = try #require(fixture.engine.record.starts.first?.initialization)
            #expect(Set(made.map(\.entropy)).count == 2)
            #expect(Set(made.map(\.credentials.accessKeyID)).count == 2)
            #expect(Set(made.map(\.credentials.authorizationToken)).count == 1)
            let token = init_.environment.first { $0.name == "AWS_CONTAINER_AUTHORIZATION_TOKEN" }?.value
            #expect(token == made.first?.credentials.authorizationToken)
        }
    }

    /// Sandboxes that ask for their next event when the meeting opens.
    private static func settling(_ meeting: Meeting) -> FakeEngine.Script {
        var script = FakeEngine.Script()
        script.settle = {
            await meeting.wait()
            return 1
        }
        return script
    }

    static func meeting(_ meeting: Meeting) -> FakeEngine.Script {
        var script = FakeEngine.Script()
        script.handler = { _, _ in
            await meeting.wait()
            return .response([])
        }
        return script
    }
}
