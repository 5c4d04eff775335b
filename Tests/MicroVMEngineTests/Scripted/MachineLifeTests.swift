import Basics
import GuestProtocol
import LinuxKit
import MicroVMEngine
import Sandboxes
import Snapshots
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// The life of machines that do as they should, or nearly.
@Suite(.requiresRoot, .serialized, .timeLimit(.minutes(2))) struct MachineLifeTests {
    @Test("boot, freeze, thaw and invoke, with QEMU that takes streams by name and QEMU that does not")
    func roundTrip() async throws {
        try await MicroVMFixture.with { fixture in
            for version in [(10, 0, 2), (7, 2, 0)] {
                let snapshot = try await fixture.snapshot(Script(version: version))
                try await serve(with: try await fixture.thaw(snapshot), in: fixture)
                try await fixture.expectNothingLeft()
            }
        }
    }

    private func serve(with clone: any Sandbox, in fixture: MicroVMFixture) async throws {
        #expect(clone.readyCall == .restoreNext)
        #expect(
            try await clone.invoke(.example, deadline: fixture.deadline(in: .seconds(3))) == .response(Array("{}".utf8))
        )
        #expect(try await clone.waitUntilIdle() == 1 << 20)
        #expect(clone.isUsable)
        await clone.destroy()
    }

    @Test("a response that is streamed comes in parts, and the machine serves on")
    func streamed() async throws {
        try await MicroVMFixture.with { fixture in
            let clone = try await fixture.thaw(try await fixture.snapshot())
            let response = ResponseStream()
            let result = try await clone.invoke(
                .example, streaming: response, deadline: fixture.deadline(in: .seconds(3)))
            #expect(result == .streamed)
            response.end()
            #expect(await response.start.wait() == "text/plain")
            #expect(await response.body.next() == Array("{}{}".utf8))
            #expect(await response.body.next() == nil)
            _ = try await clone.waitUntilIdle()
            try await serve(with: clone, in: fixture)
            try await fixture.expectNothingLeft()
        }
    }

    @Test("a guest that sends more of a response than there is room for is not listened to")
    func partFlood() async throws {
        try await MicroVMFixture.with { fixture in
            let part = GuestMessage.responsePart(
                requestID: Invocation.example.requestID, [UInt8](repeating: 1, count: 1 << 17)
            ).encoded()
            fixture.hypervisor.script = .at(.invoke, .floods(Array((0..<8).map { _ in part }.joined())))
            let greedy = try await fixture.start()
            let error = await #expect(throws: SandboxError.self) {
                _ = try await greedy.invoke(
                    .example, streaming: ResponseStream(), deadline: fixture.deadline(in: .seconds(3)))
            }
            #expect(error.map(Outcome.init) == .lost(.invocation), "\(String(describing: error))")
            await greedy.destroy()
            try await fixture.expectNothingLeft()
        }
    }

    @Test("the limit of a restore is one for all of its messages")
    func restoreLimit() async throws {
        try await MicroVMFixture.with { fixture in
            let snapshot = try await fixture.snapshot()
            fixture.hypervisor.script = Script(departures: [.resume: .silent, .thaw: .silent])
            let thawing = Task { _ = try await fixture.thaw(snapshot) }
            let machine = await fixture.hypervisor.nextSilence()
            fixture.clock.advance(by: .seconds(2))
            machine?.answerLate()
            _ = await fixture.hypervisor.nextSilence()
            await fixture.clock.expire(.seconds(3))
            let error = await #expect(throws: SandboxError.self) { try await thawing.value }
            #expect(error?.code == .timedOut(.restore, limit: .seconds(5)))
            try await fixture.expectNothingLeft()
        }
    }

    @Test("a machine that is being started when the server shuts down ends with it")
    func shutdown() async throws {
        try await MicroVMFixture.with { fixture in
            fixture.hypervisor.script = .at(.capabilities, .silent)
            let starting = Task { _ = try await fixture.start() }
            let machine = await fixture.hypervisor.nextSilence()
            await fixture.engine.shutdown()
            machine?.answerLate()
            let error = await #expect(throws: SandboxError.self) { try await starting.value }
            #expect(error.map(Outcome.init) == .host)
            try await fixture.expectNothingLeft()
        }
    }

    @Test("a running machine ends with the server, and says so to whoever waits for it")
    func shutdownWhileRunning() async throws {
        try await MicroVMFixture.with { fixture in
            fixture.hypervisor.script = .at(.invoke, .silent)
            let invoking = Task {
                try await fixture.start().invoke(.example, deadline: fixture.deadline(in: .seconds(3)))
            }
            _ = await fixture.hypervisor.nextSilence()
            await fixture.engine.shutdown()
            let error = await #expect(throws: SandboxError.self) { try await invoking.value }
            #expect(error?.code == .destroyed, "\(String(describing: error))")
            try await fixture.expectNothingLeft()
        }
    }

    @Test("a guest that floods its output is read to the end, in order")
    func outputFlood() async throws {
        try await MicroVMFixture.with { fixture in
            let frames = (0..<200).flatMap { number in
                GuestMessage.output(
                    Output(
                        stream: .standardOutput, timestampNanoseconds: 0,
                        bytes: [UInt8](repeating: UInt8(number), count: 1 << 16))
                ).encoded()
            }
            fixture.hypervisor.script = .at(.initialize, .floods(frames))
            let seen = Mutex<[UInt8]>([])
            try await fixture.run { output in
                seen.withLock { seen in
                    if let first = output.bytes.first, output.bytes.count == 1 << 16 { seen.append(first) }
                }
            }
            #expect(seen.withLock { $0 } == (0..<200).map { UInt8($0) })
            try await fixture.expectNothingLeft()
        }
    }

    @Test("what QEMU reports and nobody acts on is dropped, however much of it there is")
    func eventFlood() async throws {
        try await MicroVMFixture.with { fixture in
            let event = #"{"event": "VSERPORT_CHANGE", "data": {"open": true, "id": "x"}}"#
            let flood = Array(String(repeating: "\(event)\r\n", count: 10_000).utf8)
            fixture.hypervisor.script = .at(.stop, .floods(flood))
            _ = try await fixture.snapshot(fixture.hypervisor.script)
            try await fixture.expectNothingLeft()
        }
    }

    @Test("a clone that waits is handed out without another machine, once it has been rehearsed")
    func standing() async throws {
        try await MicroVMFixture.with { fixture in
            let snapshot = try await fixture.snapshot()
            _ = await fixture.hypervisor.over()
            await fixture.engine.keepReady(1, of: snapshot)
            #expect(fixture.hypervisor.started == 1)
            await (try await fixture.thaw(snapshot)).destroy()
            #expect(fixture.hypervisor.started == 1)
            try await fixture.expectNothingLeft()
        }
    }

    @Test("a clone that cannot be made ready is not kept")
    func failedRehearsal() async throws {
        try await MicroVMFixture.with { fixture in
            let snapshot = try await fixture.snapshot()
            _ = await fixture.hypervisor.over()
            let departures: [(Script.Moment, Script.Deed)] = [
                (.load, .refuses), (.resume, .dies), (.rehearse, .dies), (.rehearse, .speaksOutOfTurn),
                (.rehearse, .isNoFrame), (.stop, .refuses), (.stop, .dies), (.rehearse, .silent),
            ]
            for (moment, deed) in departures {
                fixture.hypervisor.script = .at(moment, deed)
                async let kept = fixture.engine.keepReady(1, of: snapshot)
                if case .silent = deed {
                    _ = await fixture.hypervisor.nextSilence()
                    await fixture.clock.expire(.seconds(10))
                }
                let failure = await kept
                #expect(failure != nil, "\(moment): it \(deed)")
                try await fixture.expectNothingLeft("\(moment): it \(deed)")
            }
        }
    }

    @Test("a memory file that was written to since its first clone is not used again")
    func changedMemory() async throws {
        try await MicroVMFixture.with { fixture in
            let snapshot = try await fixture.snapshot()
            await (try await fixture.thaw(snapshot)).destroy()
            try OwnedDescriptor.open(snapshot.path("memory"), .writeOnly).writeAll([1])
            let error = await #expect(throws: SandboxError.self) { _ = try await fixture.thaw(snapshot) }
            #expect(error.map(Outcome.init) == .snapshotUnusable)
            try await fixture.expectNothingLeft()
        }
    }

    @Test("no descriptor is left, whether a machine did as it should or not")
    func descriptors() async {
        await #expect(processExitsWith: .success) {
            let left = try await leakedDescriptors {
                try await MicroVMFixture.with { fixture in
                    let snapshot = try await fixture.snapshot()
                    await (try await fixture.thaw(snapshot)).destroy()
                    for departure in [Script.Moment.greeting, .hello, .initialize] {
                        fixture.hypervisor.script = .at(departure, .dies)
                        _ = try? await fixture.start()
                    }
                    try await fixture.expectNothingLeft()
                }
            }
            #expect(left == [])
        }
    }
}
