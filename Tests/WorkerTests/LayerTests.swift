import BaseImages
import FunctionModel
import FunctionStore
import Sandboxes
import SystemPackage
import Testing
import Worker

/// Layers over a real store; texts were recorded on AWS.
@Suite struct LayerTests {
    static let statement = PolicyStatement(id: "s1", action: "lambda:GetLayerVersion", principal: .everybody)

    static func arn(_ version: Int? = nil, name: String = "tools") -> LayerARN {
        AccountScope().layerARN(name, version: version)
    }

    @Test("a published version is read, listed, downloaded and deleted")
    func lifecycle() async throws {
        try await WorkerFixture.with { fixture in
            let layers = fixture.worker.layers
            let published = try await layers.publishLayerVersion(
                PublishLayerVersionRequest(
                    arn: Self.arn(), members: LayerMembers(compatibleRuntimes: ["python3.12"]),
                    code: try fixture.upload("layer")))
            #expect(published.number == 1)
            #expect(published.unzippedSize == 100)
            #expect(try await layers.layerVersion(Self.arn(1)) == published)
            #expect(try await layers.layerContent(Self.arn(1)).bytes(at: 0, count: 9) == Array("layer".utf8))
            #expect(try await layers.listLayers(LayerFilter(), page: PageRequest()).items == [published])
            try await layers.deleteLayerVersion(Self.arn(1))
            try await layers.deleteLayerVersion(Self.arn(1))
            await #expect(throws: LambdaError.resourceNotFound) { try await layers.layerVersion(Self.arn(1)) }
        }
    }

    @Test("what is no archive is refused, and so are layers of other accounts and regions")
    func refused() async throws {
        try await WorkerFixture.with { fixture in
            let layers = fixture.worker.layers
            fixture.files.change { $0.zipError = .invalidZip("no") }
            await #expect(throws: LambdaError.notAZip) {
                try await layers.publishLayerVersion(
                    PublishLayerVersionRequest(
                        arn: Self.arn(), members: LayerMembers(), code: try fixture.upload("layer")))
            }
            for scope in [AccountScope(region: "eu-west-1"), AccountScope(accountID: "210987654321")] {
                await #expect {
                    try await layers.layerVersion(scope.layerARN("tools", version: 1))
                } throws: { ($0 as? LambdaError)?.code == .accessDenied }
            }
        }
    }

    /// Publishes a layer and gives the ARN of the version.
    @discardableResult
    static func publish(_ fixture: WorkerFixture, _ name: String, _ zip: String) async throws -> String {
        let layer = try await fixture.worker.layers.publishLayerVersion(
            PublishLayerVersionRequest(
                arn: Self.arn(name: name), members: LayerMembers(), code: try fixture.upload(zip)))
        return Self.arn(layer.number, name: name).description
    }

    @Test("a function keeps its layers when their versions are deleted, and its snapshot is bound to them")
    func functions() async throws {
        try await WorkerFixture.with { fixture in
            let arns = [
                try await Self.publish(fixture, "a", "one"), try await Self.publish(fixture, "b", "two"),
            ]
            try await fixture.create(settings: FunctionSettings(layers: arns))
            for name in ["a", "b"] { try await fixture.worker.layers.deleteLayerVersion(Self.arn(1, name: name)) }
            await fixture.settled()
            let version = try await fixture.publish()
            await fixture.settled()
            #expect(version.layers?.map(\.arn) == arns)
            #expect(version.layers?.map(\.code.size) == [3, 3])
            let started = try #require(fixture.engine.record.starts.first?.layersImage?.string)
            #expect(started.hasPrefix("/layers/") && started.hasSuffix("-2.erofs"))

            try await fixture.worker.control.deleteFunction(FunctionReference(name: "f"))
            #expect(fixture.files.removedLayers.count == 1)
            #expect(started.contains(try #require(fixture.files.removedLayers.first)))
        }
    }

    @Test("an update sets layers, keeps them when it does not name them, and takes them away with an empty list")
    func updates() async throws {
        try await WorkerFixture.with { fixture in
            let arn = try await Self.publish(fixture, "a", "one")
            try await fixture.create(snapStart: false)
            await fixture.settled()
            func update(_ layers: [String]?) async throws -> FunctionConfiguration {
                let updated = try await fixture.worker.control.updateFunctionConfiguration(
                    UpdateFunctionConfigurationRequest(
                        functionName: "f", runtime: nil, role: nil, handler: nil,
                        settings: FunctionSettings(description: "x", layers: layers), revisionID: nil))
                await fixture.settled()
                return updated
            }
            #expect(try await update([arn]).layers?.map(\.arn) == [arn])
            #expect(try await update(nil).layers?.map(\.arn) == [arn])
            #expect(fixture.files.removedLayers.isEmpty)
            #expect(try await update([]).layers == nil)
            #expect(fixture.files.removedLayers.count == 1)
        }
    }

    @Test("layers that a function cannot have are refused in AWS's words and order")
    func refusedLayers() async throws {
        try await WorkerFixture.with { fixture in
            let prefix = "arn:aws:lambda:us-east-1:123456789012:layer"
            for zip in ["one", "two"] { try await Self.publish(fixture, "a", zip) }
            let repeated =
                "Two different versions of the same layer are not allowed to be referenced in the same function. "
            let refusals = [
                (["\(prefix):none:1"], "Layer version \(prefix):none:1 does not exist."),
                (["\(prefix):a:9"], "Layer version \(prefix):a:9 does not exist."),
                (
                    ["\(prefix):a:1", "\(prefix):a:2"],
                    "\(repeated)\(prefix):a:1 and \(prefix):a:2 are versions of the same layer."
                ),
                (
                    ["\(prefix):a:1", "\(prefix):a:1"],
                    "\(repeated)\(prefix):a:1 and \(prefix):a:1 are versions of the same layer."
                ),
                (
                    ["arn:aws:lambda:eu-west-1:123456789012:layer:a:1"],
                    "Layers are not in the same region as the function. Layers are expected to be in region us-east-1."
                ),
                ((1...6).map { "\(prefix):l\($0):1" }, "Cannot reference more than 5 layers."),
            ]
            for (layers, message) in refusals {
                await #expect(throws: LambdaError(code: .invalidParameterValue, message: message)) {
                    try await fixture.create(settings: FunctionSettings(layers: layers))
                }
            }
            fixture.files.change { $0.unzippedSize = 262_144_000 }
            await #expect(throws: LambdaError.codeWithLayersTooLarge(262_144_100)) {
                try await fixture.create(settings: FunctionSettings(layers: ["\(prefix):a:1"]))
            }
        }
    }

    @Test("a policy changes with its revision, and every refusal has AWS's words")
    func policies() async throws {
        try await WorkerFixture.with { fixture in
            let layers = fixture.worker.layers
            _ = try await layers.publishLayerVersion(
                PublishLayerVersionRequest(arn: Self.arn(), members: LayerMembers(), code: try fixture.upload("layer")))
            await #expect(throws: LambdaError.noPolicyAssociated) { try await layers.layerPolicy(Self.arn(1)) }
            let added = try await layers.addLayerPermission(Self.statement, to: Self.arn(1), revisionID: nil)
            let text = """
                {"Sid":"s1","Effect":"Allow","Principal":"*","Action":"lambda:GetLayerVersion",\
                "Resource":"arn:aws:lambda:us-east-1:123456789012:layer:tools:1"}
                """
            #expect(added.text == text)
            let policy = try await layers.layerPolicy(Self.arn(1))
            #expect(policy.text == #"{"Version":"2012-10-17","Id":"default","Statement":[\#(text)]}"#)
            #expect(policy.revisionID == added.revisionID)
            await #expect(throws: LambdaError.statementExists("s1")) {
                try await layers.addLayerPermission(Self.statement, to: Self.arn(1), revisionID: nil)
            }
            let second = PolicyStatement(id: "s2", action: "lambda:GetLayerVersion", principal: .everybody)
            await #expect(throws: LambdaError.layerPolicyRevisionMismatch) {
                try await layers.addLayerPermission(second, to: Self.arn(1), revisionID: "wrong")
            }
            await #expect(throws: LambdaError.layerPolicyRevisionMismatch) {
                try await layers.removeLayerPermission("s1", from: Self.arn(1), revisionID: "wrong")
            }
            await #expect(throws: LambdaError.statementNotFound("none")) {
                try await layers.removeLayerPermission("none", from: Self.arn(1), revisionID: nil)
            }
            for missing in [Self.arn(2), Self.arn(1, name: "none")] {
                await #expect(throws: LambdaError.layerVersionNotFound(missing)) {
                    try await layers.layerPolicy(missing)
                }
                await #expect(throws: LambdaError.layerVersionNotFound(missing)) {
                    try await layers.addLayerPermission(Self.statement, to: missing, revisionID: nil)
                }
                await #expect(throws: LambdaError.layerVersionNotFound(missing)) {
                    try await layers.removeLayerPermission("s1", from: missing, revisionID: nil)
                }
            }
            try await layers.removeLayerPermission("s1", from: Self.arn(1), revisionID: policy.revisionID)
            await #expect(throws: LambdaError.noPolicyAssociated) { try await layers.layerPolicy(Self.arn(1)) }
        }
    }
}
