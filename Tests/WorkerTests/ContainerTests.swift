import ContainerImages
import FunctionModel
import GuestProtocol
import Sandboxes
import Snapshots
import SystemPackage
import Testing
import Worker

/// Functions that are container images.
@Suite struct ContainerTests {
    static let uri = "registry:5000/app:1"

    private func with(
        _ script: FakeEngine.Script = FakeEngine.Script(),
        _ body: (WorkerFixture, FakeContainers) async throws -> Void
    ) async throws {
        let containers = FakeContainers()
        try await WorkerFixture.with(script, containers: containers) { try await body($0, containers) }
    }

    @discardableResult
    private func create(
        _ fixture: WorkerFixture, snapStart: Bool = false, settings: FunctionSettings = .init()
    ) async throws -> FunctionConfiguration {
        var settings = settings
        if snapStart { settings.snapStart = .publishedVersions }
        return try await fixture.worker.control.createFunction(
            CreateFunctionRequest(
                functionName: "f", runtime: "", role: "arn:aws:iam::123456789012:role/r", handler: "",
                code: fixture.worker.control.beginUpload(), settings: settings, publish: false, tags: [:],
                imageURI: Self.uri))
    }

    private func update(_ fixture: WorkerFixture, image: String?) async throws -> FunctionConfiguration {
        try await fixture.worker.control.updateFunctionCode(
            UpdateFunctionCodeRequest(
                functionName: "f", code: try fixture.upload("zip"), publish: false, dryRun: false, revisionID: nil,
                imageURI: image))
    }

    @Test("are created with the image that the name stands for, and keep it until they are updated")
    func resolution() async throws {
        try await with { fixture, containers in
            let created = try await create(fixture)
            let first = FakeContainers.digest("a").hexadecimal
            #expect(created.code == CodeReference(sha256: first, size: 0))
            #expect(created.image?.resolvedURI == "registry:5000/app@sha256:\(first)")
            #expect(created.runtimeVersionARN == nil)
            await fixture.settled()
            #expect(try await fixture.configuration().state == .active)
            containers.change { $0.digest = FakeContainers.digest("b") }
            #expect(try await fixture.configuration().image?.digest == first)
            _ = try await update(fixture, image: Self.uri)
            await fixture.settled()
            #expect(try await fixture.configuration().code.sha256 == FakeContainers.digest("b").hexadecimal)
            #expect(containers.kept.last == [FakeContainers.digest("b")])
            try await fixture.worker.control.deleteFunction(FunctionReference(name: "f", qualifier: nil))
            #expect(containers.kept.last == [])
        }
    }

    @Test("start the image's own program, in its root and directory, with its variables under Lambda's")
    func specification() async throws {
        try await with { fixture, _ in
            try await create(fixture, settings: FunctionSettings(environment: ["GIVEN": "2", "PATH": "/given"]))
            await fixture.settled()
            try await fixture.invoke("f", nil)
            let start = try #require(fixture.engine.record.starts.first)
            #expect(start.image.root.string == "/roots/\(FakeContainers.digest("a").hexadecimal).erofs")
            #expect(start.codeImage == nil && start.seed == nil)
            #expect(start.initialization.arguments == ["/lambda-entrypoint.sh", "app.handler"])
            #expect(start.initialization.workingDirectory == "/var/task")
            let variables = Dictionary(start.initialization.environment.map { ($0.name, $0.value) }) { $1 }
            #expect(variables["OWN"] == "1" && variables["GIVEN"] == "2" && variables["PATH"] == "/given")
            #expect(variables["AWS_REGION"] == "us-east-1" && variables["_HANDLER"] == "app.handler")
            #expect(variables["LAMBDA_TASK_ROOT"] == "/var/task" && variables["AWS_EXECUTION_ENV"] == nil)
        }
    }

    /// `ImageConfig`, and what is started where.
    static let settings: [(ImageSettings, [String], String)] = [
        (ImageSettings(), ["/lambda-entrypoint.sh", "app.handler"], "/var/task"),
        (ImageSettings(command: ["b.c"]), ["/lambda-entrypoint.sh", "b.c"], "/var/task"),
        (ImageSettings(entryPoint: ["sh", "-c"]), ["sh", "-c", "app.handler"], "/var/task"),
        (ImageSettings(entryPoint: ["sh"], command: ["-c", "x"], workingDirectory: "/w"), ["sh", "-c", "x"], "/w"),
        (
            ImageSettings(entryPoint: [], command: [], workingDirectory: ""), ["/lambda-entrypoint.sh", "app.handler"],
            "/var/task"
        ),
    ]

    @Test("each member of ImageConfig replaces its own counterpart", arguments: settings)
    func imageConfig(settings: ImageSettings, arguments: [String], directory: String) async throws {
        try await with { fixture, _ in
            try await create(fixture)
            await fixture.settled()
            _ = try await fixture.worker.control.updateFunctionConfiguration(
                UpdateFunctionConfigurationRequest(
                    functionName: "f", runtime: nil, role: nil, handler: nil,
                    settings: FunctionSettings(image: settings), revisionID: nil))
            await fixture.settled()
            try await fixture.invoke("f", nil)
            let initialization = try #require(fixture.engine.record.starts.first?.initialization)
            #expect(initialization.arguments == arguments && initialization.workingDirectory == directory)
        }
    }

    @Test("say how far their image is while it is on the way")
    func progress() async throws {
        try await with { fixture, containers in
            let meeting = Meeting()
            containers.change { $0.beforeRoot = { await meeting.wait() } }
            try await create(fixture)
            await meeting.arrival(of: 1)
            let reason = try await fixture.configuration().state.reason
            #expect(reason?.code == "Creating")
            #expect(reason?.message.contains("layer 1 of 2, 3 of 9 MiB") == true)
            meeting.open()
            await fixture.settled()
            #expect(try await fixture.configuration().state == .active)
        }
    }

    static let failures: [(ContainerImageError.Code, create: LambdaError.Code, pull: String)] = [
        (.notFound, .invalidParameterValue, "ImageDeleted"),
        (.unauthorized, .accessDenied, "ImageAccessDenied"),
        (.noMatchingArchitecture, .invalidParameterValue, "InvalidImage"),
        (.hostile, .invalidParameterValue, "InvalidImage"),
        (.tooLarge, .invalidParameterValue, "InvalidImage"),
        (.unreachable, .invalidParameterValue, "InternalError"),
        (.disk, .service, "InternalError"),
    ]

    @Test("cannot be created of an image that is not there, and fail when it cannot be had later", arguments: failures)
    func failure(code: ContainerImageError.Code, create refusal: LambdaError.Code, pull: String) async throws {
        let error = ContainerImageError(code, "no such luck")
        try await with { fixture, containers in
            containers.change { $0.resolveError = error }
            let refused = await #expect(throws: LambdaError.self) { try await create(fixture) }
            #expect(refused?.code == refusal)
            containers.change { ($0.resolveError, $0.rootError) = (nil, error) }
            try await create(fixture)
            await fixture.settled()
            guard case .failed(let reason) = try await fixture.configuration().state else {
                Issue.record("it did not fail")
                return
            }
            #expect(reason.code == pull)
        }
    }

    @Test("a function keeps its kind of package")
    func kinds() async throws {
        try await with { fixture, _ in
            try await create(fixture)
            await fixture.settled()
            await #expect(throws: LambdaError.imageMissing("updating")) { try await update(fixture, image: nil) }
            await #expect(throws: LambdaError.zipMembersForImage) {
                try await fixture.worker.control.updateFunctionConfiguration(
                    UpdateFunctionConfigurationRequest(
                        functionName: "f", runtime: "python3.11", role: nil, handler: nil, settings: .init(),
                        revisionID: nil))
            }
            await #expect(throws: LambdaError.self) {
                try await fixture.worker.control.functionCode(FunctionReference(name: "f", qualifier: nil))
            }
        }
        try await with { fixture, _ in
            try await fixture.create(snapStart: false)
            await fixture.settled()
            await #expect(throws: LambdaError.imageForZip("updating")) {
                try await update(fixture, image: Self.uri)
            }
        }
    }

    @Test("a snapshot is bound to the image, and each clone is made of the same")
    func snapshot() async throws {
        try await with { fixture, _ in
            try await create(fixture, snapStart: true)
            await fixture.settled()
            try await fixture.publish()
            await fixture.settled()
            try await fixture.invoke()
            let thaw = try #require(fixture.engine.record.thaws.first)
            #expect(thaw.manifest.snapshot.containerDigest == FakeContainers.digest("a").hexadecimal)
            #expect(thaw.manifest.snapshot.imageDigest == "digest-1")
            #expect(thaw.basis?.root.string == "/roots/\(FakeContainers.digest("a").hexadecimal).erofs")
            #expect(thaw.basis?.code == nil)
        }
    }

    @Test("a runtime that does not ask for /restore/next is frozen where the image allows it, and nowhere else")
    func optIn() async throws {
        var script = FakeEngine.Script()
        script.readyCall = .invocationNext
        try await with(script) { fixture, containers in
            try await create(fixture, snapStart: true)
            await fixture.settled()
            try await fixture.publish()
            await fixture.settled()
            #expect(try await fixture.configuration("f", "1").state == .failed(.imageNotForSnapStart))
            #expect(try await fixture.logged().contains { $0.contains("com.amazonaws.lambda.feature.snapstart") })
            #expect(fixture.engine.record.live.isEmpty)
            containers.change {
                $0.configuration.labels = ["com.amazonaws.lambda.feature.snapstart": "Allow"]
                $0.digest = FakeContainers.digest("b")
            }
            _ = try await update(fixture, image: Self.uri)
            await fixture.settled()
            try await fixture.publish()
            await fixture.settled()
            #expect(try await fixture.configuration("f", "2").state == .active)
        }
    }
}
