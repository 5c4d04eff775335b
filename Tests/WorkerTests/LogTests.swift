import GuestProtocol
import Logging
import Sandboxes
import SystemPackage
import Telemetry
import TestSupport
import Testing
import Worker

@Suite("A function's log")
struct LogTests {
    @Test("has the lines of a publish and of a restored and a warm invocation, in order")
    func wholeLog() async throws {
        var script = FakeEngine.Script()
        script.initialize = { _, output in
            output(Output(stream: .standardOutput, timestampNanoseconds: 1, bytes: Array("init\n".utf8)))
        }
        script.handler = { invocation, output in
            output(
                Output(
                    stream: .standardOutput, timestampNanoseconds: 1, bytes: Array("hello \(invocation.requestID)".utf8)
                ))
            return .response([])
        }
        try await WorkerFixture.with(script) { fixture in
            try await fixture.createPublished()
            try await fixture.invoke(id: "a")
            await fixture.settled()
            try await fixture.invoke(id: "b")
            await fixture.settled()
            let arn = "arn:aws:lambda:us-east-1::runtime:digest-1"
            let used = "Memory Size: 128 MB\tMax Memory Used: 38 MB\t"
            let lines = Set([
                "INIT_START Runtime Version: python:3.11.v1\tRuntime Version ARN: \(arn)", "init",
                "INIT_REPORT Init Duration: 0.00 ms\tPhase: init",
                "RESTORE_START Runtime Version: python:3.11.v1\tRuntime Version ARN: \(arn)",
                "RESTORE_REPORT Restore Duration: 0.00 ms",
            ])
            let logged = try await fixture.logged()
            #expect(Set(logged).isSuperset(of: lines))
            let invocations = logged.drop { !$0.hasPrefix("RESTORE_REPORT") }.dropFirst().prefix(8)
            #expect(
                Array(invocations) == [
                    "START RequestId: a Version: 1", "hello a", "END RequestId: a",
                    "REPORT RequestId: a\tDuration: 0.00 ms\tBilled Duration: 2 ms\t\(used)Restore Duration: 0.00 ms\t"
                        + "Billed Restore Duration: 1 ms\t",
                    "START RequestId: b Version: 1", "hello b", "END RequestId: b",
                    "REPORT RequestId: b\tDuration: 0.00 ms\tBilled Duration: 1 ms\t\(used)",
                ])
        }
    }

    @Test("keeps nobody waiting once the worker has stopped, which may be asked twice, also at the same time")
    func afterTheStop() async throws {
        try await WorkerFixture.with { fixture in
            let logs = fixture.worker.parts.logs
            async let first: Void = fixture.worker.stop()
            async let second: Void = fixture.worker.stop()
            _ = await (first, second)
            await logs.flush()
            await logs.sweep(keeping: [])
            await logs.stop()
            await fixture.worker.stop()
        }
    }

    @Test("comes back with the answer when the caller asks for its tail")
    func tail() async throws {
        var script = FakeEngine.Script()
        script.handler = { _, output in
            output(Output(stream: .standardOutput, timestampNanoseconds: 1, bytes: Array("out\n".utf8)))
            return .response([])
        }
        try await WorkerFixture.with(script) { fixture in
            try await fixture.createPublished()
            let answer = try await fixture.invoke(id: "a", tail: true)
            #expect(
                answer.tailText == """
                    START RequestId: a Version: 1
                    out
                    END RequestId: a
                    REPORT RequestId: a\tDuration: 0.00 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 38 MB\t\
                    Restore Duration: 0.00 ms\tBilled Restore Duration: 1 ms\t\n
                    """)
        }
    }

    @Test(
        "says what a sandbox had used whose invocation failed",
        arguments: [
            (SandboxError.timedOut(.invocation, limit: .seconds(3)), 17),
            (.runtimeExited(.exited(status: 1), during: .invocation), 17),
            (.runtimeExited(.outOfMemory, during: .invocation), 128),
        ])
    func memoryOfFailures(error: SandboxError, megabytes: Int) async throws {
        var script = FakeEngine.Script()
        script.handler = { _, _ throws(SandboxError) in throw error }
        try await WorkerFixture.with(script) { fixture in
            try await fixture.createPublished()
            let answer = try await fixture.invoke(id: "a", tail: true)
            #expect(answer.tailText.contains("\tMax Memory Used: \(megabytes) MB"))
        }
    }

    @Test("gives no more than the last 4 KB as tail")
    func longTail() async throws {
        var script = FakeEngine.Script()
        script.handler = { _, output in
            output(
                Output(stream: .standardOutput, timestampNanoseconds: 1, bytes: [UInt8](repeating: 120, count: 100_000))
            )
            return .response([])
        }
        try await WorkerFixture.with(script) { fixture in
            try await fixture.createPublished()
            let answer = try await fixture.invoke(tail: true)
            #expect(answer.logTail?.count == 4096)
            #expect(answer.tailText.hasSuffix("ms\t\n"))
        }
    }

    @Test("joins what comes in pieces and keeps the two streams apart")
    func pieces() async throws {
        var script = FakeEngine.Script()
        script.handler = { _, output in
            for (stream, text) in [
                (Output.Stream.standardOutput, "ab"), (.standardError, "x\n"), (.standardOutput, "c\nd"),
            ] {
                output(Output(stream: stream, timestampNanoseconds: 1, bytes: Array(text.utf8)))
            }
            return .response([])
        }
        try await WorkerFixture.with(script) { fixture in
            try await fixture.createPublished()
            try await fixture.invoke()
            await fixture.settled()
            let logged = try await fixture.logged()
            let between = logged.drop { !$0.hasPrefix("START") }.dropFirst().prefix { !$0.hasPrefix("END") }
            #expect(Array(between) == ["x", "abc", "d"])
        }
    }

    @Test("keeps the order of its lines, however many sandboxes log at once")
    func order() async throws {
        try await withScratchDirectory { directory in
            let files = LogFiles(directory: directory, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            let streams = (0..<8).map { "\($0)" }
            await withTaskGroup(of: Void.self) { group in
                for stream in streams {
                    group.addTask {
                        let file = files.file(function: "f", stream: stream)
                        for line in 0..<500 {
                            files.append(Array("t\t\(line)\n".utf8), to: file)
                            // A file that is closed is opened again.
                            if line % 100 == 99 { files.close(file) }
                        }
                    }
                }
            }
            await files.flush()
            for stream in streams {
                let lines = try LogDirectory.lines(file: directory.appending("f").appending(stream))
                #expect(lines == (0..<500).map { "\($0)" })
            }
            await files.stop()
        }
    }

    @Test("is named as CloudWatch names streams")
    func name() {
        let time = ManualClock()
        let stream = Timestamp(nanoseconds: time.clock.wallClock())
        #expect(stream.datePath == "2023/07/05")
        #expect(stream.iso8601 == "2023-07-05T10:20:30.040Z")
    }

    @Test(
        "has times in the calendar of UTC",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_827_696_789, "2000-02-29T12:34:56.789Z"),
            (1_709_164_799_999, "2024-02-28T23:59:59.999Z"), (1_735_689_599_000, "2024-12-31T23:59:59.000Z"),
            (4_102_444_800_000, "2100-01-01T00:00:00.000Z"),
        ] as [(UInt64, String)])
    func times(milliseconds: UInt64, text: String) {
        #expect(Timestamp(nanoseconds: milliseconds * 1_000_000).iso8601 == text)
    }
}
