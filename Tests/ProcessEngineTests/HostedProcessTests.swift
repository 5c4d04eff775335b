import Basics
import Glibc
import GuestProtocol
import LinuxKit
import ProcessEngine
import RuntimeAPI
import Sandboxes
import SystemPackage
import TestSupport
import Testing

/// Runtimes that are processes: they boot, write and end.
@Suite(.requiresRoot, .requiresFile("/usr/bin/python3", "apt-get install python3")) struct HostedProcessTests {
    /// Boots a Python program with `call(method, path, body)` at hand, in a slot of its own.
    private struct Booted {
        let runtime: HostedRuntime
        let process: ChildProcess
        let written = Written()

        init(
            _ program: String, loop: EngineLoop, servesSeed: Bool = false,
            outOfMemoryKills: @escaping @Sendable () -> UInt64 = { 0 }
        ) async throws {
            let joint = try await Joint.make()
            runtime = try HostedRuntime(
                booting: joint.endpoint, loop: loop, isSnapStart: true, servesSeed: servesSeed,
                outOfMemoryKills: outOfMemoryKills)
            try runtime.deliverOutput(to: written.sink)
            let script = """
                os, signal, sys, threading = map(__import__, ["os", "signal", "sys", "threading"])
                from http.client import HTTPConnection
                connection = HTTPConnection("127.0.0.1:9001")
                def call(method, path, body=None):
                    connection.request(method, "/2018-06-01/runtime/" + path, body)
                    response = connection.getresponse()
                    return response.headers["Lambda-Runtime-Aws-Request-Id"], response.read()
                \(program)
                """
            let side = try #require(joint.endpoint.takeProcessSide())
            process = try await joint.inside {
                var plan = SpawnPlan(executable: "/usr/bin/python3", arguments: ["python3", "-u", "-c", script])
                plan.descriptors = [1: side.standardOutput, 2: side.standardError]
                return try plan.spawn()
            }
            try runtime.adopt(process)
        }
    }

    @Test("what a runtime wrote in a phase is in the log when the phase ends, and its memory is known")
    func phases() async throws {
        let booted = try await Booted(
            """
            print("init", "x" * 50_000, "end")
            call("GET", "restore/next")
            """, loop: try EngineLoop())
        #expect(try await booted.runtime.waitUntilReady(by: Deadline(in: .seconds(60))) == .restoreNext)
        #expect(booted.written.text == "init " + String(repeating: "x", count: 50_000) + " end\n")
        #expect(try booted.runtime.quiesce().call == .restoreNext)
        await booted.process.end()
    }

    @Test("an extension that waits holds init and has its line in the log, and is why a freeze is refused")
    func extensions() async throws {
        let booted = try await Booted(
            """
            def extension(method, path, headers, body=None):
                connection = HTTPConnection("127.0.0.1:9001")
                connection.request(method, "/2020-01-01/extension/" + path, body, headers)
                response = connection.getresponse()
                response.read()
                return response.headers["Lambda-Extension-Identifier"]
            id = extension("POST", "register", {"Lambda-Extension-Name": "watch"}, '{"events": ["INVOKE"]}')
            next = lambda: extension("GET", "event/next", {"Lambda-Extension-Identifier": id})
            threading.Thread(target=next, daemon=True).start()
            call("GET", "restore/next")
            """, loop: try EngineLoop())
        #expect(try await booted.runtime.waitUntilReady(by: Deadline(in: .seconds(60))) == .restoreNext)
        #expect(booted.written.text == "EXTENSION\tName: watch\tState: Ready\tEvents: [INVOKE]")
        let refusal = #expect(throws: SandboxError.self) { try booted.runtime.quiesce() }
        #expect(refusal?.code == .freezeRefused && refusal?.message.contains("watch") == true)
        await booted.process.end()
    }

    @Test("invocations of a process: output before idle, memory in bytes")
    func invocations() async throws {
        let booted = try await Booted(
            """
            while True:
                id, event = call("GET", "invocation/next")
                print("start", event.decode())
                call("POST", f"invocation/{id}/response", event)
                print("end", file=sys.stderr)
            """, loop: try EngineLoop())
        #expect(try await booted.runtime.waitUntilReady(by: Deadline(in: .seconds(60))) == .invocationNext)
        for number in 1...3 {
            let result = try await booted.runtime.invoke(
                .sample("\(number)", payload: "\(number)"), deadline: Deadline(in: .seconds(20)))
            #expect(result == .response(Array("\(number)".utf8)))
            #expect(try await booted.runtime.waitUntilIdle(by: Deadline(in: .seconds(60))) > 1 << 20)
            #expect(booted.written.text.hasSuffix("start \(number)\nend\n"))
        }
        #expect(booted.runtime.isUsable)
        await booted.process.end()
    }

    static let ends: [(program: String, kills: UInt64, said: String)] = [
        ("os._exit(3)", 0, "the runtime ended during invocation: exited(status: 3)"),
        ("os.kill(os.getpid(), signal.SIGTERM)", 0, "the runtime ended during invocation: killed(signal: 15)"),
        ("os.kill(os.getpid(), signal.SIGKILL)", 0, "the runtime ended during invocation: killed(signal: 9)"),
        ("os.kill(os.getpid(), signal.SIGKILL)", 1, "the runtime ended during invocation: outOfMemory"),
    ]

    @Test("a runtime that ends while it runs says how, after its last words", arguments: ends)
    func ending(_ row: (program: String, kills: UInt64, said: String)) async throws {
        let kills = row.kills
        let booted = try await Booted(
            """
            call("GET", "invocation/next")
            print("last words")
            \(row.program)
            """, loop: try EngineLoop(), outOfMemoryKills: { kills })
        _ = try await booted.runtime.waitUntilReady(by: Deadline(in: .seconds(60)))
        let said = await failure { () throws(SandboxError) in
            try await booted.runtime.invoke(.sample(), deadline: Deadline(in: .seconds(60)))
        }
        #expect(said == row.said)
        #expect(booted.written.text == "last words\n")
        #expect(!booted.runtime.isUsable)
    }

    @Test(
        "an answer that comes right before the end counts, also one that takes several reads", arguments: [1, 300_000])
    func answersAndEnds(_ length: Int) async throws {
        let booted = try await Booted(
            """
            id, event = call("GET", "invocation/next")
            connection.request("POST", f"/2018-06-01/runtime/invocation/{id}/response", b"1" * \(length))
            os._exit(0)
            """, loop: try EngineLoop())
        _ = try await booted.runtime.waitUntilReady(by: Deadline(in: .seconds(60)))
        #expect(
            try await booted.runtime.invoke(.sample(), deadline: Deadline(in: .seconds(60)))
                == .response(Array(repeating: UInt8(ascii: "1"), count: length)))
        let said = await failure { () throws(SandboxError) in
            try await booted.runtime.waitUntilIdle(by: Deadline(in: .seconds(60)))
        }
        #expect(said == "the runtime ended during invocation: exited(status: 0)")
    }

    @Test("an init that fails says so; one that ends without a word, too")
    func failedInit() async throws {
        let failed = try await Booted(
            "call('POST', 'init/error', b'{\"errorMessage\":\"no\"}')", loop: try EngineLoop())
        let said = await failure { () throws(SandboxError) in
            try await failed.runtime.waitUntilReady(by: Deadline(in: .seconds(60)))
        }
        #expect(said.hasPrefix("the runtime reported"))
        let silent = try await Booted("sys.exit(1)", loop: try EngineLoop())
        let end = await failure { () throws(SandboxError) in
            try await silent.runtime.waitUntilReady(by: Deadline(in: .seconds(60)))
        }
        #expect(end == "the runtime ended during initialization: exited(status: 1)")
    }

    @Test("a runtime that is booted as a seed waits for its function")
    func seed() async throws {
        let booted = try await Booted("call('GET', 'seed/next')", loop: try EngineLoop(), servesSeed: true)
        try await booted.runtime.waitUntilSeedReady(by: Deadline(in: .seconds(60)))
        #expect(!booted.runtime.isUsable)
        #expect(try booted.runtime.quiesce().call == .seedNext)
        await booted.process.end()
    }

    @Test("a runtime that never stops writing holds up no other, and still ends its phase")
    func flood() async throws {
        let loop = try EngineLoop()
        let flooding = try await Booted(
            """
            threading.Thread(target=lambda: [os.write(1, b"x" * 65536) for _ in iter(int, 1)], daemon=True).start()
            call("GET", "restore/next")
            """, loop: loop)
        let quiet = try await Clone(blockedIn: .invocationNext, loop: loop)
        try quiet.runtime.answerRestore(.sample)
        try play { quiet.player.echo() }
        #expect(try await flooding.runtime.waitUntilReady(by: Deadline(in: .seconds(60))) == .restoreNext)
        for number in 0..<20 {
            _ = try await quiet.runtime.invoke(.sample("\(number)"), deadline: Deadline(in: .seconds(20)))
            _ = try await quiet.runtime.waitUntilIdle(by: Deadline(in: .seconds(60)))
        }
        await flooding.process.end()
        #expect(flooding.written.count(of: .standardOutput) > 0)
    }
}
