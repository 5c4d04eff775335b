import FunctionModel
import Worker

/// One layer with one version, and nothing that lasts.
extension FakeLambdaService: LayerKeeping {
    static let layer = LayerVersion(
        layerName: "tools", number: 3, licenseInfo: "MIT", compatibleRuntimes: ["python3.12"],
        compatibleArchitectures: [], code: FunctionConfiguration.sample().code, unzippedSize: 100,
        createdDate: .sample)
    static let layerPolicy = PolicyDescription(text: "policy", revisionID: "rev-1")

    func publishLayerVersion(_ request: PublishLayerVersionRequest) async throws(LambdaError) -> LayerVersion {
        LayerVersion(
            layerName: request.arn.name, number: 1, description: request.members.description ?? "",
            licenseInfo: request.members.licenseInfo, compatibleRuntimes: request.members.compatibleRuntimes,
            compatibleArchitectures: request.members.compatibleArchitectures, code: request.code.reference,
            unzippedSize: 100, createdDate: .sample)
    }

    func layerVersion(_ arn: LayerARN) async throws(LambdaError) -> LayerVersion {
        guard arn == AccountScope().layerARN("tools", version: 3) else { throw .resourceNotFound }
        return Self.layer
    }

    func deleteLayerVersion(_ arn: LayerARN) async throws(LambdaError) {}

    func listLayers(_ filter: LayerFilter, page: PageRequest) async throws(LambdaError) -> Page<LayerVersion> {
        Page(items: [Self.layer].filter(filter.matches), nextMarker: nil)
    }

    func listLayerVersions(
        _ arn: LayerARN, _ filter: LayerFilter, page: PageRequest
    ) async throws(LambdaError) -> Page<LayerVersion> {
        Page(items: [Self.layer].filter { arn.name == $0.layerName && filter.matches($0) }, nextMarker: "more")
    }

    func layerContent(_ arn: LayerARN) async throws(LambdaError) -> CodeContent {
        let size = try await layerVersion(arn).code.size
        return CodeContent(size: size) { _, count throws(LambdaError) in [UInt8](repeating: 7, count: count) }
    }

    func addLayerPermission(
        _ statement: PolicyStatement, to arn: LayerARN, revisionID: String?
    ) async throws(LambdaError) -> PolicyDescription {
        guard revisionID == nil || revisionID == Self.layerPolicy.revisionID else { throw .layerPolicyRevisionMismatch }
        return PolicyDescription(text: statement.text(of: arn), revisionID: "rev-2")
    }

    func removeLayerPermission(
        _ statementID: String, from arn: LayerARN, revisionID: String?
    ) async throws(LambdaError) {
        guard statementID == "s1" else { throw .statementNotFound(statementID) }
    }

    func layerPolicy(_ arn: LayerARN) async throws(LambdaError) -> PolicyDescription {
        guard arn.version == Self.layer.number else { throw .layerVersionNotFound(arn) }
        return Self.layerPolicy
    }
}
