import FunctionModel
import FunctionStore
import GuestProtocol
import Sandboxes
import TestSupport
import Testing
import Worker

@Suite("Provisioned concurrency")
struct ProvisionedConcurrencyTests {
    static func reference(_ qualifier: String?, of name: String = "f") -> FunctionReference {
        FunctionReference(name: name, qualifier: qualifier)
    }

    /// `AWS_LAMBDA_INITIALIZATION_TYPE` of what was booted, in the order of the starts.
    static func types(_ fixture: WorkerFixture) -> [String?] {
        fixture.engine.record.starts.map { start in
            start.initialization.environment.first { $0.name == "AWS_LAMBDA_INITIALIZATION_TYPE" }?.value
        }
    }

    @Test("so many sandboxes are initialised ahead, and serve before any other")
    func ready() async throws {
        let meeting = Meeting()
        try await WorkerFixture.with(SchedulingTests.meeting(meeting)) { fixture in
            try await fixture.createPublished(snapStart: false)
            let put = try await fixture.provision(2, for: "1")
            #expect(put.status == .inProgress && put.available == 0 && put.configuration.requested == 2)
            await fixture.settled()
            let got = try await fixture.provisioned("1")
            #expect(got.status == .ready && got.available == 2 && got.reason == nil)
            #expect(Self.types(fixture) == ["provisioned-concurrency", "provisioned-concurrency"])
            // They stand still until somebody comes.
            #expect(fixture.engine.record.rested.count == 2)
            async let one = fixture.invoke()
            async let two = fixture.invoke()
            await meeting.arrival(of: 2)
            #expect(fixture.engine.record.starts.count == 2)
            // What is more is served on demand.
            async let three = fixture.invoke()
            await meeting.arrival(of: 3)
            #expect(Self.types(fixture).last == "on-demand")
            meeting.open()
            _ = try await (one, two, three)
            await fixture.settled()
            try await fixture.invoke()
            #expect(fixture.engine.record.starts.count == 3)
        }
    }

    @Test("`$LATEST` and other versions have none of them")
    func others() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished(snapStart: false)
            try await fixture.provision(1, for: "1")
            await fixture.settled()
            try await fixture.invoke("f", "$LATEST")
            #expect(Self.types(fixture) == ["provisioned-concurrency", "on-demand"])
        }
    }

    @Test("neither age nor another function's need ends them")
    func kept() async throws {
        try await WorkerFixture.with(maximumSandboxes: 2) { fixture in
            for name in ["f", "g", "h"] { try await fixture.createPublished(name, snapStart: false) }
            try await fixture.provision(1, for: "1")
            await fixture.settled()
            for name in ["g", "h", "g", "f"] { try await fixture.invoke(name) }
            await fixture.settled()
            fixture.worker.pool.evictExpired(keepWarm: .zero)
            await fixture.settled()
            #expect(fixture.engine.record.live.count == 1)
            #expect(try await fixture.provisioned("1").status == .ready)
            #expect(Self.types(fixture).filter { $0 == "provisioned-concurrency" }.count == 1)
        }
    }

    @Test("one that is lost is made again")
    func lost() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished(snapStart: false)
            try await fixture.provision(1, for: "1")
            await fixture.settled()
            fixture.engine.loseAll()
            try await fixture.invoke()
            await fixture.settled()
            #expect(try await fixture.provisioned("1").available == 1)
            #expect(Self.types(fixture).filter { $0 == "provisioned-concurrency" }.count == 2)
            try await fixture.invoke()
            #expect(fixture.engine.record.served.count == 2)
        }
    }

    @Test("fewer and none: what is too much ends")
    func less() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished(snapStart: false)
            try await fixture.provision(3, for: "1")
            await fixture.settled()
            try await fixture.provision(1, for: "1")
            await fixture.settled()
            #expect(fixture.engine.record.live.count == 1)
            #expect(try await fixture.provisioned("1").status == .ready)
            try await fixture.worker.concurrency.endProvisioning(of: Self.reference("1"))
            await fixture.settled()
            #expect(fixture.engine.record.live.isEmpty)
            await #expect(throws: LambdaError.provisionedConcurrencyConfigNotFound) {
                try await fixture.provisioned("1")
            }
            // Also when there is none.
            try await fixture.worker.concurrency.endProvisioning(of: Self.reference("1"))
            try await fixture.invoke()
            #expect(Self.types(fixture).last == "on-demand")
        }
    }

    @Test("an alias's move with it: the old ones serve until the new ones are ready")
    func aliasMove() async throws {
        let initialized = Meeting()
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished(snapStart: false)
            try await fixture.publishAnother()
            try await fixture.makeAlias("live", to: "1")
            try await fixture.provision(1, for: "live")
            await fixture.settled()
            try await fixture.invoke("f", "live")
            try await fixture.invoke("f", "1")
            #expect(Self.types(fixture) == ["provisioned-concurrency"])
            await fixture.settled()
            fixture.engine.change { $0.initialize = { _, _ in await initialized.wait() } }
            _ = try await fixture.worker.aliases.updateAlias("live", of: "f", AliasMembers(functionVersion: "2"))
            await initialized.arrival(of: 1)
            let moving = try await fixture.provisioned("live")
            #expect(moving.status == .inProgress && moving.available == 1)
            initialized.open()
            await fixture.settled()
            #expect(try await fixture.provisioned("live").status == .ready)
            #expect(fixture.engine.record.live.count == 1)
            #expect(fixture.engine.record.starts.count == 2)
            try await fixture.invoke("f", "live")
            try await fixture.invoke("f", "1")
            #expect(Self.types(fixture).last == "on-demand")
            await #expect(throws: LambdaError.provisionedConcurrencyConfigNotFound) {
                try await fixture.provisioned("2")
            }
        }
    }

    @Test("an alias with weights has them by its weights")
    func weights() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished(snapStart: false)
            try await fixture.publishAnother()
            try await fixture.makeAlias("live", to: "1", weights: ["2": 0.25])
            try await fixture.provision(4, for: "live")
            await fixture.settled()
            #expect(try await fixture.provisioned("live").status == .ready)
            let versions = fixture.engine.record.starts.map { start in
                start.initialization.environment.first { $0.name == "AWS_LAMBDA_FUNCTION_VERSION" }?.value
            }
            #expect(versions == ["1", "1", "1", "2"])
        }
    }

    @Test("a deletion takes them along", arguments: ["alias", "version", "function"])
    func deletion(what: String) async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished(snapStart: false)
            try await fixture.makeAlias("live", to: "1")
            try await fixture.provision(1, for: what == "version" ? "1" : "live")
            await fixture.settled()
            let unreserved = fixture.worker.concurrency.account.unreserved
            #expect(unreserved == 999)
            if what != "function" { try await fixture.worker.aliases.deleteAlias("live", of: "f") }
            switch what {
            case "version": try await fixture.worker.control.deleteFunction(Self.reference("1"))
            case "function": try await fixture.worker.control.deleteFunction(Self.reference(nil))
            default: break
            }
            await fixture.settled()
            #expect(fixture.engine.record.live.isEmpty)
            #expect(fixture.worker.concurrency.account.unreserved == 1_000)
            if what != "function" {
                let listed = try await fixture.worker.concurrency.listProvisionedConcurrency(
                    of: Self.reference(nil), page: PageRequest())
                #expect(listed.items.isEmpty)
            }
        }
    }

    @Test("a failing init is tried six times, and the reason told; on demand the function is still tried")
    func initFailure() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished(snapStart: false)
            fixture.engine.change { script in
                script.initialize = { specification, _ throws(SandboxError) in
                    let isKept = specification.initialization.environment.contains {
                        $0.value == "provisioned-concurrency"
                    }
                    if isKept { throw .initializationFailed(RuntimeFailure(errorType: "E", body: [])) }
                }
            }
            try await fixture.provision(1, for: "1")
            await fixture.settled()
            let failed = try await fixture.provisioned("1")
            #expect(failed.status == .failed && failed.reason == "FUNCTION_ERROR_INIT_FAILURE" && failed.available == 0)
            #expect(fixture.engine.record.starts.count == 6)
            try await fixture.invoke()
            #expect(Self.types(fixture).last == "on-demand")
            // Another call tries again.
            fixture.engine.change { $0.initialize = { _, _ in } }
            let put = try await fixture.provision(1, for: "1")
            #expect(put.status == .inProgress && put.reason == nil)
            await fixture.settled()
            #expect(try await fixture.provisioned("1").status == .ready)
        }
    }

    @Test("more than the host keeps: what there is serves, and the rest comes when there is room")
    func shortHost() async throws {
        try await WorkerFixture.with(maximumSandboxes: 4) { fixture in
            for name in ["f", "g"] { try await fixture.createPublished(name, snapStart: false) }
            try await fixture.provision(1, for: "1", of: "g")
            await fixture.settled()
            try await fixture.provision(3, for: "1")
            await fixture.time.waitForSleeper(of: .seconds(10))
            let short = try await fixture.provisioned("1")
            #expect(short.status == .failed && short.available == 2)
            #expect(short.reason == "The host has room for 3 provisioned execution environments in all.")
            try await fixture.worker.concurrency.endProvisioning(of: Self.reference("1", of: "g"))
            while try await fixture.provisioned("1").status != .ready { await Task.yield() }
            // The look that was to come later finds nothing to do.
            fixture.time.advance(by: .seconds(10))
            await fixture.settled()
            #expect(try await fixture.provisioned("1").available == 3)
        }
    }

    @Test("they are there again after a restart")
    func restart() async throws {
        try await withScratchDirectory { directory in
            let first = try WorkerFixture.open(directory, FakeEngine())
            try await first.createPublished(snapStart: false)
            try await first.provision(2, for: "1")
            await first.settled()
            await first.worker.stop()
            try first.store.close()
            let next = try WorkerFixture.open(directory, FakeEngine())
            try await next.worker.recover()
            #expect(next.worker.concurrency.account.unreserved == 998)
            await next.settled()
            #expect(try await next.provisioned("1").status == .ready)
            #expect(next.engine.record.live.count == 2)
            await next.worker.stop()
        }
    }

    @Test("a version with SnapStart is refused, or has clones where the operator allows it", arguments: [false, true])
    func snapStart(isOpen: Bool) async throws {
        try await WorkerFixture.with(snapStartPolicy: isOpen ? .open : .aws) { fixture in
            try await fixture.createPublished()
            guard isOpen else {
                await #expect(throws: LambdaError.provisionedWithSnapStart) { try await fixture.provision(1, for: "1") }
                return
            }
            try await fixture.provision(2, for: "1")
            await fixture.settled()
            #expect(fixture.engine.record.thaws.count == 2)
            try await fixture.invoke()
            #expect(fixture.engine.record.thaws.count == 2)
            #expect(try await fixture.provisioned("1").available == 2)
        }
    }
}
