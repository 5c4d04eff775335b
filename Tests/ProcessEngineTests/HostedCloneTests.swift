import Basics
import GuestProtocol
import LinuxKit
import ProcessEngine
import RuntimeAPI
import Sandboxes
import SystemPackage
import TestSupport
import Testing

/// Runtimes that go on where a frozen one stopped; the test plays them over the connection dialled for them.
@Suite(.requiresRoot) struct HostedCloneTests {
    @Test("a clone is let go before it lives, and finds its identity waiting")
    func restore() async throws {
        let clone = try await Clone(blockedIn: .restoreNext, loop: try EngineLoop())
        try clone.runtime.answerRestore(.sample)
        #expect(!clone.runtime.isUsable)
        try play {
            let (head, _) = try clone.player.hear()
            try clone.player.ask(Player.header("Thaw-Generation", in: head) == "7" ? "invocation/next" : "nonsense")
            clone.player.echo()
        }
        try await clone.runtime.waitUntilRestored(by: Deadline(in: .seconds(20)))
        #expect(clone.runtime.isUsable)
        for number in 0..<50 {
            let result = try await clone.runtime.invoke(
                .sample("\(number)", payload: "[\(number)]"), deadline: Deadline(in: .seconds(20)))
            #expect(result == .response(Array("[\(number)]".utf8)))
            #expect(try await clone.runtime.waitUntilIdle(by: Deadline(in: .seconds(60))) == 0)
        }
    }

    @Test("a clone that waits for its invocation needs no release from the runtime's point of view")
    func notInterested() async throws {
        let clone = try await Clone(blockedIn: .invocationNext, loop: try EngineLoop(), isSnapStart: false)
        try clone.runtime.answerRestore(.sample)
        try await clone.runtime.waitUntilRestored(by: Deadline(in: .zero))
        try play { clone.player.echo() }
        #expect(
            try await clone.runtime.invoke(.sample(), deadline: Deadline(in: .seconds(20)))
                == .response(Array("{}".utf8)))
    }

    @Test("a clone of a seed is told its function and initialised from there")
    func seed() async throws {
        let clone = try await Clone(blockedIn: .seedNext, loop: try EngineLoop())
        #expect(
            await failure { () throws(SandboxError) in try clone.runtime.answerRestore(.sample) }.contains(
                "a restore was asked"))
        try clone.runtime.startFromSeed(Array(#"{"arguments":["a"]}"#.utf8))
        try play {
            let start = try clone.player.hear()
            try clone.player.ask(start.body == #"{"arguments":["a"]}"# ? "restore/next" : "nonsense")
        }
        #expect(try await clone.runtime.waitUntilReady(by: Deadline(in: .seconds(20))) == .restoreNext)
        let calm = try clone.runtime.quiesce()
        #expect(calm.call == .restoreNext)
        #expect(calm.clientPort != RuntimeEndpoint.port)
    }

    @Test("a failed hook is the restore's error")
    func failedHook() async throws {
        let clone = try await Clone(blockedIn: .restoreNext, loop: try EngineLoop())
        try clone.runtime.answerRestore(.sample)
        try play {
            _ = try clone.player.hear()
            try clone.player.post("restore/error", #"{"errorMessage":"no"}"#)
        }
        await #expect {
            try await clone.runtime.waitUntilRestored(by: Deadline(in: .seconds(20)))
        } throws: { error in
            guard case .restoreFailed(let failure) = (error as? SandboxError)?.code else { return false }
            return String(decoding: failure.body, as: UTF8.self) == #"{"errorMessage":"no"}"#
        }
        #expect(
            await failure { () throws(SandboxError) in
                try await clone.runtime.invoke(.sample(), deadline: Deadline(in: .seconds(1)))
            }
            .hasPrefix("the runtime reported"))
    }

    @Test("each limit fires, with its phase", arguments: ["init", "restore", "invocation"])
    func limits(_ phase: String) async throws {
        let clone = try await Clone(blockedIn: phase == "init" ? .seedNext : .restoreNext, loop: try EngineLoop())
        let limit = Duration.milliseconds(50)
        switch phase {
        case "init":
            try clone.runtime.startFromSeed([])
            let said = await failure { () throws(SandboxError) in
                try await clone.runtime.waitUntilReady(by: Deadline(in: limit))
            }
            #expect(said == "initialization took longer than 0.05 seconds")
        case "restore":
            try clone.runtime.answerRestore(.sample)
            let said = await failure { () throws(SandboxError) in
                try await clone.runtime.waitUntilRestored(by: Deadline(in: limit))
            }
            #expect(said == "restore took longer than 0.05 seconds")
        default:
            try clone.runtime.answerRestore(.sample)
            try play {
                _ = try clone.player.hear()
                try clone.player.ask("invocation/next")
            }
            try await clone.runtime.waitUntilRestored(by: Deadline(in: .seconds(20)))
            let said = await failure { () throws(SandboxError) in
                try await clone.runtime.invoke(.sample(), deadline: Deadline(in: limit))
            }
            #expect(said == "invocation took longer than 0.05 seconds")
        }
        #expect(!clone.runtime.isUsable)
        // What comes after is nobody's.
        #expect(
            await failure { () throws(SandboxError) in
                try await clone.runtime.waitUntilIdle(by: Deadline(in: .seconds(60)))
            }.contains("took longer")
        )
    }

    @Test("an answer beyond the limit fails the invocation, and the runtime goes on")
    func oversized() async throws {
        let clone = try await Clone(blockedIn: .invocationNext, loop: try EngineLoop())
        try clone.runtime.answerRestore(.sample)
        try play {
            _ = try clone.player.hear()
            try clone.player.post("invocation/1/response", String(repeating: "x", count: 6_291_557))
            _ = try clone.player.hear()
            try clone.player.ask("invocation/next")
            clone.player.echo()
        }
        guard case .error(let failure) = try await clone.runtime.invoke(.sample(), deadline: Deadline(in: .seconds(60)))
        else {
            Issue.record("an oversized answer was taken")
            return
        }
        #expect(failure.errorType == "Function.ResponseSizeTooLarge")
        _ = try await clone.runtime.waitUntilIdle(by: Deadline(in: .seconds(60)))
        let large = String(repeating: "y", count: 6_291_556)
        #expect(
            try await clone.runtime.invoke(.sample("2", payload: large), deadline: Deadline(in: .seconds(60)))
                == .response(Array(large.utf8)))
    }

    static let nonsense = [
        "\r\n\r\n\r\nnonsense\r\n\r\n", "GET /2018-06-01/runtime/restore/next HTTP/1.1\r\n\r\n",
        "POST /2018-06-01/runtime/invocation/other/response HTTP/1.1\r\nContent-Length: 1\r\n\r\n1",
        "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        String(repeating: "GET /2018-06-01/ping HTTP/1.1\r\n\r\n", count: 2000),
    ]

    @Test(
        "a client that talks nonsense on many connections does not come between the runtime and its host",
        arguments: nonsense)
    func hostile(_ text: String) async throws {
        let clone = try await Clone(blockedIn: .invocationNext, loop: try EngineLoop())
        try clone.runtime.answerRestore(.sample)
        try play { clone.player.echo() }
        let others = try await clone.joint.inside {
            try (0..<40).map { _ in
                let socket = try LoopbackSocket.connect(port: RuntimeEndpoint.port).shared()
                try socket.descriptor.setNonblocking()
                _ = try? socket.descriptor.write(text.utf8)
                return socket
            }
        }
        for number in 0..<20 {
            let result = try await clone.runtime.invoke(.sample("\(number)"), deadline: Deadline(in: .seconds(20)))
            #expect(result == .response(Array("{}".utf8)))
            _ = try await clone.runtime.waitUntilIdle(by: Deadline(in: .seconds(60)))
        }
        #expect(others.count == 40)
    }

    @Test("a clone whose request asked for the end of its connection sees it after the answer")
    func closing() async throws {
        let clone = try await Clone(blockedIn: .restoreNext, loop: try EngineLoop(), keepsConnection: false)
        try clone.runtime.answerRestore(.sample)
        #expect(try await BlockingThread.run { try clone.player.hear().head }.hasPrefix("HTTP/1.1 200"))
        await #expect(throws: Player.Ended.self) { try await BlockingThread.run { _ = try clone.player.hear() } }
    }

    @Test("before a freeze idle connections see their end, and the blocked one is named")
    func quiescing() async throws {
        let clone = try await Clone(blockedIn: .invocationNext, loop: try EngineLoop())
        #expect(await failure { () throws(SandboxError) in try clone.runtime.quiesce() }.contains("a freeze was asked"))
        try clone.runtime.answerRestore(.sample)
        let idle = Player(
            try await clone.joint.inside { try LoopbackSocket.connect(port: RuntimeEndpoint.port).shared() })
        try idle.ask("nothing")
        #expect(try await BlockingThread.run { try idle.hear().head }.hasPrefix("HTTP/1.1 404"))
        #expect(try clone.runtime.quiesce().call == .invocationNext)
        await #expect(throws: Player.Ended.self) { try await BlockingThread.run { _ = try idle.hear() } }
    }

    @Test("ending answers who waits, and everything afterwards")
    func ending() async throws {
        let clone = try await Clone(blockedIn: .restoreNext, loop: try EngineLoop())
        try clone.runtime.answerRestore(.sample)
        let runtime = clone.runtime
        async let waiting = failure { () throws(SandboxError) in
            try await runtime.waitUntilRestored(by: Deadline(in: .seconds(60)))
        }
        _ = try await BlockingThread.run { try clone.player.hear().head }
        runtime.end()
        runtime.end()
        #expect(await waiting == "the sandbox has been destroyed")
        #expect(
            await failure { () throws(SandboxError) in try await runtime.waitUntilIdle(by: Deadline(in: .seconds(60))) }
                == "the sandbox has been destroyed")
        await #expect(throws: Player.Ended.self) { try await BlockingThread.run { _ = try clone.player.hear() } }
    }

    @Test("an endpoint serves one runtime")
    func usedOnce() async throws {
        let endpoint = try await Joint.make().endpoint
        let loop = try EngineLoop()
        _ = try HostedRuntime(booting: endpoint, loop: loop, isSnapStart: true) { 0 }
        #expect(throws: Errno.badFileDescriptor) {
            try HostedRuntime(booting: endpoint, loop: loop, isSnapStart: true) { 0 }
        }
        #expect(endpoint.takeProcessSide() != nil && endpoint.takeProcessSide() == nil)
    }

    @Test("two hundred runtimes are served at once, each its own")
    func many() async throws {
        let loop = try EngineLoop()
        try await withThrowingTaskGroup { group in
            for index in 0..<200 {
                group.addTask {
                    let clone = try await Clone(blockedIn: .restoreNext, loop: loop)
                    try play { clone.player.echo() }
                    try clone.runtime.answerRestore(.sample)
                    try await clone.runtime.waitUntilRestored(by: Deadline(in: .seconds(60)))
                    for number in 0..<10 {
                        let payload = "[\(index),\(number)]"
                        let result = try await clone.runtime.invoke(
                            .sample("\(index)-\(number)", payload: payload), deadline: Deadline(in: .seconds(60)))
                        #expect(result == .response(Array(payload.utf8)))
                        _ = try await clone.runtime.waitUntilIdle(by: Deadline(in: .seconds(60)))
                    }
                    clone.runtime.end()
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("nothing stays open of a runtime that is gone")
    func leaks() async {
        await #expect(processExitsWith: .success) {
            let left = try await leakedDescriptors {
                let loop = try EngineLoop()
                for _ in 0..<5 {
                    // All on this thread: another may keep something for a moment after it is done.
                    let clone = try Clone(try Joint(), blockedIn: .restoreNext, loop: loop)
                    try clone.runtime.answerRestore(.sample)
                    _ = try clone.player.hear()
                    try clone.player.ask("invocation/next")
                    try await clone.runtime.waitUntilRestored(by: Deadline(in: .seconds(20)))
                    clone.runtime.end()
                }
                await loop.shutdown()
            }
            #expect(left == [])
        }
    }
}
