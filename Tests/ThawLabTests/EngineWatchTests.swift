import Basics
import GuestProtocol
import Sandboxes
import Snapshots
import Testing
import ThawLab

@Suite struct EngineWatchTests {
    /// Answers every event with itself, or with none.
    private struct Echo: Sandbox {
        let id = SandboxID.random()
        let readyCall = ReadyCall.restoreNext
        let isUsable = true
        var isBroken = false

        func invoke(
            _ invocation: Invocation, streaming response: ResponseStream?, deadline: Deadline
        ) async throws(SandboxError) -> InvocationResult {
            guard !isBroken else { throw .destroyed }
            return .response(invocation.payload)
        }

        func waitUntilIdle(by deadline: Deadline) async throws(SandboxError) -> UInt64 { 0 }
        func rest() {}
        func freeze(into staging: SnapshotStaging) async throws(SandboxError) -> FrozenSandbox { throw .destroyed }
        func memory() async throws(SandboxError) -> MemoryUse { MemoryUse(unique: 0, shared: 0, proportional: 0) }
        func destroy() async {}
    }

    private let event = Invocation(
        requestID: "1", deadlineMilliseconds: 1, invokedFunctionARN: "arn", payload: Array("{}".utf8))

    @Test("a sandbox is idle while it waits for more than it has served, and of no more use once it was ended")
    func life() async throws {
        let watch = EngineWatch()
        let sandbox = WatchedSandbox(Echo(), watch)
        #expect(watch.idle.isEmpty)
        let answer = try await sandbox.invoke(event, deadline: Deadline(in: .seconds(1)))
        #expect(answer == .response(event.payload))
        #expect(watch.idle.isEmpty)
        _ = try await sandbox.waitUntilIdle()
        #expect(watch.idle.map(\.id) == [sandbox.id])
        #expect(sandbox.isUsable)
        await sandbox.destroy()
        #expect(!sandbox.isUsable)
        #expect(watch.idle.isEmpty)
    }

    @Test("an invocation is under way until its sandbox is idle again")
    func underWay() async throws {
        let watch = EngineWatch()
        let sandbox = WatchedSandbox(Echo(), watch)
        _ = try await sandbox.invoke(event, deadline: Deadline(in: .seconds(1)))
        let settled = Task {
            await watch.settle()
            return sandbox.isIdle
        }
        _ = try await sandbox.waitUntilIdle()
        #expect(await settled.value)
    }

    @Test("nothing is under way of an invocation that failed, nor of a sandbox that was ended on its way")
    func failures() async throws {
        let watch = EngineWatch()
        let broken = WatchedSandbox(Echo(isBroken: true), watch)
        await #expect(throws: SandboxError.self) { try await broken.invoke(event, deadline: Deadline(in: .seconds(1))) }
        await watch.settle()
        let ended = WatchedSandbox(Echo(), watch)
        _ = try await ended.invoke(event, deadline: Deadline(in: .seconds(1)))
        await ended.destroy()
        await ended.destroy()
        await watch.settle()
        #expect(watch.idle.isEmpty)
    }
}
