import BaseImages
import FunctionModel
import GuestProtocol
import LinuxKit
import Sandboxes
import Snapshots
import SystemPackage
import TestSupport
import Testing
import Worker

@Suite("A publish")
struct PublishingTests {
    @Test("with SnapStart is Pending at once and Active when the snapshot is there")
    func success() async throws {
        let meeting = Meeting()
        var script = FakeEngine.Script()
        script.initialize = { _, _ in await meeting.wait() }
        try await WorkerFixture.with(script) { fixture in
            try await fixture.create()
            await fixture.settled()
            let answer = try await fixture.publish()
            #expect(answer.version == .published(1))
            #expect(answer.state == .pending(.creating))
            #expect(answer.snapStart.optimizationStatus == .off)
            await meeting.arrival(of: 1)
            let refusal = await #expect(throws: LambdaError.self) { try await fixture.invoke() }
            #expect(refusal?.code == .resourceConflict)
            meeting.open()
            await fixture.settled()
            let version = try await fixture.configuration("f", "1")
            #expect(version.state == .active)
            #expect(version.lastUpdate == .successful)
            #expect(version.snapStart == SnapStart(applyOn: .publishedVersions, optimizationStatus: .on))
            #expect(version.runtimeVersionARN == "arn:aws:lambda:us-east-1::runtime:digest-1")
        }
    }

    @Test("is Active once what its clones are made of is in memory")
    func warm() async throws {
        let meeting = Meeting()
        var script = FakeEngine.Script()
        script.warm = { await meeting.wait() }
        try await WorkerFixture.with(script) { fixture in
            try await fixture.create()
            await fixture.settled()
            _ = try await fixture.publish()
            await meeting.arrival(of: 1)
            #expect(try await fixture.configuration("f", "1").state == .pending(.creating))
            meeting.open()
            await fixture.settled()
            #expect(try await fixture.configuration("f", "1").state == .active)
            #expect(fixture.engine.record.warmed == Array(fixture.engine.record.ready.keys))
        }
    }

    @Test("without SnapStart is Active at once and boots nothing")
    func withoutSnapStart() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.create(snapStart: false)
            await fixture.settled()
            #expect(try await fixture.publish().state == .active)
            await fixture.settled()
            #expect(fixture.engine.record.starts.isEmpty)
        }
    }

    @Test("of an unchanged function gives the same version again")
    func unchanged() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished()
            #expect(try await fixture.publish().version == .published(1))
            await fixture.settled()
            #expect(fixture.engine.record.starts.count == 1)
        }
    }

    @Test("starts the runtime with the version's environment")
    func environment() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished(settings: FunctionSettings(environment: ["COLOUR": "red", "LANG": "de"]))
            let start = try #require(fixture.engine.record.starts.first)
            let environment = Dictionary(
                uniqueKeysWithValues: start.initialization.environment.map { ($0.name, $0.value) })
            #expect(environment["AWS_LAMBDA_FUNCTION_VERSION"] == "1")
            #expect(environment["AWS_LAMBDA_INITIALIZATION_TYPE"] == "snap-start")
            #expect(environment["COLOUR"] == "red")
            #expect(environment["LANG"] == "de")
            for name in [
                "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_LOG_STREAM_NAME",
            ] {
                #expect(environment[name] == nil)
            }
            #expect(start.initialization.isSnapStart)
        }
    }

    static let failures: [(SandboxError, code: String)] = [
        (
            .initializationFailed(
                RuntimeFailure(
                    errorType: "Runtime.Unknown",
                    body: Array(#"{"errorMessage":"no module","errorType":"ImportError"}"#.utf8))),
            "FunctionError.RuntimeInitError"
        ),
        (
            .initializationFailed(RuntimeFailure(errorType: "Runtime.BeforeSnapshotError", body: [])),
            "FunctionError.RuntimeInitError"
        ),
        (.runtimeExited(.exited(status: 1), during: .initialization), "FunctionError.RuntimeInitError"),
        (.runtimeExited(.killed(signal: 9), during: .initialization), "FunctionError.RuntimeInitError"),
        (.runtimeExited(.outOfMemory, during: .initialization), "FunctionError.InitResourceExhausted"),
        (
            .runtimeExited(.notStarted(program: "/x", errno: 2), during: .initialization),
            "FunctionError.InvalidEntryPoint"
        ),
        (
            .runtimeExited(.notStarted(program: "/x", errno: 13), during: .initialization),
            "FunctionError.PermissionDenied"
        ),
        (
            .runtimeExited(.noWorkingDirectory("/x", errno: 2), during: .initialization),
            "FunctionError.InvalidWorkingDirectory"
        ),
        (.timedOut(.initialization, limit: .seconds(130)), "FunctionError.InitTimeout"),
        (.lost("QEMU was killed", during: .initialization), "InternalError"),
        (.host("qemu-system-x86_64 is not installed"), "InternalError"),
    ]

    @Test("that cannot be initialised ends Failed with the reason, and keeps the log", arguments: failures)
    func failure(error: SandboxError, code: String) async throws {
        var script = FakeEngine.Script()
        script.initialize = { _, output throws(SandboxError) in
            output(Output(stream: .standardError, timestampNanoseconds: 1, bytes: Array("why\n".utf8)))
            throw error
        }
        try await WorkerFixture.with(script) { fixture in
            try await fixture.createPublished()
            let version = try await fixture.configuration("f", "1")
            #expect(version.state.name == "Failed")
            #expect(version.state.reason?.code == code)
            #expect(version.lastUpdate?.name == "Failed")
            #expect(try fixture.snapshots().isEmpty)
            #expect(try await fixture.logged().contains("why"))
            let refusal = await #expect(throws: LambdaError.self) { try await fixture.invoke() }
            #expect(refusal?.code == .resourceConflict)
        }
    }

    @Test("that cannot be frozen ends Failed and leaves no file")
    func diskFull() async throws {
        var script = FakeEngine.Script()
        script.freeze = { _ throws(SandboxError) in throw .host("cannot write the snapshot: no space left on device") }
        try await WorkerFixture.with(script) { fixture in
            try await fixture.createPublished()
            let reason = try await fixture.configuration("f", "1").state.reason
            #expect(reason?.code == "InternalError")
            #expect(reason?.message.contains("no space left") == true)
            #expect(try fixture.snapshots().isEmpty)
        }
    }

    @Test("whose snapshot cannot be stored ends Failed with the store's reason, and nothing stays staged")
    func storeFull() async throws {
        try await WorkerFixture.with(snapshots: { FullSnapshots(store: $0) }) { fixture in
            try await fixture.createPublished()
            let reason = try await fixture.configuration("f", "1").state.reason
            #expect(reason?.code == "InternalError")
            #expect(reason?.message.hasPrefix("The snapshot could not be stored: no space left") == true)
            #expect(try fixture.snapshots().isEmpty)
            #expect(try Directory.entries(fixture.directory.appending("snapshots/.staging")).isEmpty)
        }
    }

    @Test("in a state that the engine does not freeze ends Failed with that text, and keeps the log of init")
    func refused() async throws {
        let text = "fd 7 is a connected TCP socket to 10.0.0.5:5432: close it in a before-snapshot hook"
        var script = FakeEngine.Script()
        script.initialize = { _, output in
            output(
                Output(stream: .standardOutput, timestampNanoseconds: ManualClock.epoch, bytes: Array("hello\n".utf8)))
        }
        script.freeze = { _ throws(SandboxError) in throw .freezeRefused(text) }
        try await WorkerFixture.with(script) { fixture in
            try await fixture.createPublished()
            let version = try await fixture.configuration("f", "1")
            #expect(version.state == .failed(StateReason(code: "FunctionError.SnapshotRefused", message: text)))
            #expect(version.lastUpdate?.name == "Failed")
            #expect(try fixture.snapshots().isEmpty)
            #expect(fixture.engine.record.live.isEmpty)
            let lines = try await fixture.logged()
            #expect(lines.contains("hello"))
            #expect(lines.last == "The snapshot could not be taken: \(text)")
        }
    }

    @Test(
        "whose code cannot be unpacked ends Failed",
        arguments: [
            (ImageError.invalidZip("no central directory"), "InvalidZipFileException"),
            (.tooLarge(limitBytes: 1), "InvalidZipFileException"),
            (.pathEscape(entry: "../x"), "InvalidZipFileException"),
            (.noSpace("/x", neededBytes: 1, freeBytes: 0), "InternalError"),
        ])
    func badCode(error: ImageError, code: String) async throws {
        try await WorkerFixture.with { fixture in
            fixture.files.change { $0.codeError = error }
            try await fixture.create()
            await fixture.settled()
            let latest = try await fixture.configuration()
            #expect(latest.state.name == "Failed")
            #expect(latest.state.reason?.code == code)
            let refusal = await #expect(throws: LambdaError.self) { try await fixture.publish() }
            #expect(refusal?.code == .resourceConflict)
        }
    }

    @Test("is not got so far when the runtime's base image has not been built")
    func notBuilt() async throws {
        try await WorkerFixture.with { fixture in
            fixture.files.change { $0.isBuilt = false }
            let refusal = await #expect(throws: LambdaError.self) { try await fixture.create() }
            #expect(refusal?.code == .invalidParameterValue)
            #expect(refusal?.message.contains("thaw image build python3.11") == true)
            let listed = try await fixture.worker.control.listFunctions(allVersions: false, page: PageRequest())
            #expect(listed.items.isEmpty)
        }
    }

    @Test("together with the creation gives the version, Pending, while $LATEST is made ready")
    func withCreation() async throws {
        try await WorkerFixture.with { fixture in
            let answer = try await fixture.create(publish: true)
            #expect(answer.version == .published(1))
            #expect(answer.state == .pending(.creating))
            await fixture.settled()
            #expect(try await fixture.configuration().state == .active)
            #expect(try await fixture.configuration("f", "1").state == .active)
            #expect(try await fixture.invoke().functionError == nil)
        }
    }

    @Test("with a revision that is not the present one is refused")
    func revision() async throws {
        try await WorkerFixture.with { fixture in
            let created = try await fixture.create()
            await fixture.settled()
            let error = await #expect(throws: LambdaError.self) {
                try await fixture.publish(revisionID: created.revisionID)
            }
            #expect(error?.code == .preconditionFailed)
        }
    }

    @Test("is a new revision of $LATEST, and publishing nothing new is none")
    func latestRevision() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.create(snapStart: false)
            await fixture.settled()
            let before = try await fixture.configuration().revisionID
            let version = try await fixture.publish(revisionID: before)
            let after = try await fixture.configuration().revisionID
            #expect(after != before)
            #expect(try await fixture.configuration("f", "1").revisionID == version.revisionID)
            #expect(try await fixture.publish().revisionID == version.revisionID)
            #expect(try await fixture.configuration().revisionID == after)
        }
    }

    @Test("of a function that is deleted meanwhile leaves nothing behind")
    func deletedMeanwhile() async throws {
        let meeting = Meeting()
        var script = FakeEngine.Script()
        script.initialize = { _, _ in await meeting.wait() }
        try await WorkerFixture.with(script) { fixture in
            try await fixture.create()
            await fixture.settled()
            try await fixture.publish()
            await meeting.arrival(of: 1)
            try await fixture.worker.control.deleteFunction(FunctionReference(name: "f"))
            meeting.open()
            await fixture.settled()
            #expect(try fixture.snapshots().isEmpty)
            #expect(fixture.engine.record.live.isEmpty)
            await #expect(throws: LambdaError.self) { try await fixture.configuration() }
        }
    }

    @Test("of a version whose snapshot is damaged is done again, and its caller told to come back")
    func damaged() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished()
            let old = try #require(try fixture.snapshots().first)
            try Self.damage(
                fixture.directory.appending("snapshots").appending(old.description).appending("memory").string)
            let refusal = await #expect(throws: LambdaError.self) { try await fixture.invoke() }
            #expect(refusal?.code == .snapStartNotReady)
            await fixture.settled()
            #expect(try await fixture.configuration("f", "1").state == .active)
            #expect(try await fixture.invoke().functionError == nil)
            let present = try fixture.snapshots()
            #expect(present.count == 1)
            #expect(present.first != old)
        }
    }

    @Test("of a version whose snapshot the engine refuses is done again")
    func foreign() async throws {
        var script = FakeEngine.Script()
        script.restore = { _, _, _ throws(SandboxError) in throw .snapshotUnusable("taken by QEMU 6") }
        try await WorkerFixture.with(script) { fixture in
            try await fixture.createPublished()
            let refusal = await #expect(throws: LambdaError.self) { try await fixture.invoke() }
            #expect(refusal?.code == .snapStartNotReady)
            await fixture.settled()
            fixture.engine.change { $0 = FakeEngine.Script() }
            #expect(try await fixture.invoke().functionError == nil)
            #expect(fixture.engine.record.starts.count == 2)
        }
    }

    private static func damage(_ path: String) throws {
        let file = try FileDescriptor.open(FilePath(path), .readWrite)
        try file.closeAfter { _ = try file.writeAll(Array("FROZEN".utf8)) }
    }
}
