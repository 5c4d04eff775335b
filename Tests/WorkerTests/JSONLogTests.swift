import Foundation
import FunctionModel
import GuestProtocol
import Sandboxes
import Testing
import Worker

@Suite("A log in JSON")
struct JSONLogTests {
    private static func json(_ application: String = "INFO", system: String = "INFO") -> FunctionSettings {
        FunctionSettings(
            logging: LoggingMembers(format: "JSON", applicationLevel: application, systemLevel: system))
    }

    private struct Line: Decodable {
        struct Record: Decodable {
            struct Metrics: Decodable {
                var durationMs: Double
                var billedDurationMs, memorySizeMB, maxMemoryUsedMB, billedRestoreDurationMs: Int?
                var restoreDurationMs: Double?
            }
            var requestId, status, errorType, version, initializationType, phase, runtimeVersion: String?
            var functionName, functionVersion: String?
            var metrics: Metrics?
        }
        var time: String?
        var type: String?
        var record: Record?
        var level: String?
        var message: String?
    }

    private func lines(_ fixture: WorkerFixture) async throws -> [Line] {
        try await fixture.logged().map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
    }

    @Test("has the platform's records instead of its lines")
    func records() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished(settings: Self.json(system: "DEBUG"))
            try await fixture.invoke(id: "id-7")
            await fixture.settled()
            let lines = try await lines(fixture)
            let types = lines.compactMap(\.type).map { $0.replacing("platform.", with: "") }
            #expect(
                Set(types) == [
                    "initStart", "initRuntimeDone", "initReport", "restoreStart", "restoreRuntimeDone", "restoreReport",
                    "start", "runtimeDone", "report",
                ])
            let start = try #require(lines.first { $0.type == "platform.initStart" }?.record)
            #expect(start.initializationType == "snap-start" && start.phase == "snap-start")
            #expect(start.functionName == "f" && start.functionVersion == "1" && start.runtimeVersion != nil)
            #expect(lines.first { $0.type == "platform.start" }?.record?.version == "1")
            let report = try #require(lines.first { $0.type == "platform.report" }?.record)
            #expect(report.requestId == "id-7" && report.status == "success")
            #expect(report.metrics?.memorySizeMB == 128 && report.metrics?.maxMemoryUsedMB == 38)
            #expect(report.metrics?.restoreDurationMs != nil && (report.metrics?.billedDurationMs ?? 0) > 0)
            #expect(lines.allSatisfy { $0.time?.hasSuffix("Z") == true })
        }
    }

    @Test("leaves out what is below the system's level", arguments: [("INFO", 1, 1), ("WARN", 0, 0)])
    func systemLevel(level: String, starts: Int, reports: Int) async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished(settings: Self.json(system: level))
            try await fixture.invoke()
            await fixture.settled()
            let types = try await lines(fixture).compactMap(\.type)
            #expect(types.count { $0 == "platform.start" } == starts)
            #expect(types.count { $0 == "platform.report" } == reports)
            #expect(!types.contains("platform.runtimeDone"))
        }
    }

    @Test("has a failure at every level, and the words of it")
    func failure() async throws {
        var script = FakeEngine.Script()
        script.handler = { _, _ throws(SandboxError) in throw .runtimeExited(.exited(status: 3), during: .invocation) }
        try await WorkerFixture.with(script) { fixture in
            try await fixture.createPublished(settings: Self.json(system: "WARN"))
            try await fixture.invoke()
            await fixture.settled()
            let lines = try await lines(fixture)
            let report = try #require(lines.first { $0.type == "platform.report" }?.record)
            #expect(report.status == "error" && report.errorType == "Runtime.ExitError")
            let done = try #require(lines.first { $0.type == "platform.runtimeDone" }?.record)
            #expect(done.status == "error" && done.errorType == "Runtime.ExitError" && done.metrics != nil)
            #expect(lines.contains { $0.level == "WARN" && $0.message?.contains("exit status 3") == true })
        }
    }

    @Test("says how an extension stands, in either format", arguments: [true, false])
    func extensions(isJSON: Bool) async throws {
        var script = FakeEngine.Script()
        script.initialize = { _, output in
            let report = ExtensionReport(name: "watch", state: "Ready", events: ["INVOKE"])
            output(Output(report, at: ManualClock.epoch))
        }
        try await WorkerFixture.with(script) { fixture in
            try await fixture.createPublished(settings: isJSON ? Self.json("INFO", system: "INFO") : .init())
            let lines = try await fixture.logged()
            let expected =
                isJSON
                ? #""type":"platform.extension","record":{"name":"watch","state":"Ready","events":["INVOKE"]}"#
                : "EXTENSION\tName: watch\tState: Ready\tEvents: [INVOKE]"
            #expect(lines.contains { $0.contains(expected) }, "\(lines)")
        }
    }

    @Test("leaves out what a function says below its level, and keeps what is no JSON or names no level")
    func applicationLevel() async throws {
        let words = [
            #"{"level":"DEBUG","message":"debug"}"#, #"{"level":"INFO","message":"info"}"#,
            #"{"level":"WARNING","message":"warning"}"#, #"{"message":"none"}"#, "plain", "{broken", #"{"level":7}"#,
        ]
        var script = FakeEngine.Script()
        script.handler = { invocation, output in
            let text = words.map { $0 + "\n" }.joined()
            output(
                Output(stream: .standardOutput, timestampNanoseconds: ManualClock.epoch, bytes: Array(text.utf8)))
            return .response(invocation.payload)
        }
        try await WorkerFixture.with(script) { fixture in
            try await fixture.createPublished(settings: Self.json("WARN", system: "WARN"))
            let answer = try await fixture.invoke(tail: true)
            await fixture.settled()
            let kept = [words[2], words[4], words[5], words[6]]
            #expect(try await fixture.logged().filter { words.contains($0) } == kept)
            let tail = String(decoding: answer.logTail ?? [], as: UTF8.self)
            #expect(tail.split(separator: "\n").map(String.init) == kept)
        }
    }
}
