import BaseImages
import FunctionModel
import FunctionStore
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
