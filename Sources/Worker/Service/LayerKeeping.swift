package import FunctionModel

/// Layers and their versions.
package protocol LayerKeeping: Sendable {
    func publishLayerVersion(_ request: PublishLayerVersionRequest) async throws(LambdaError) -> LayerVersion
    func layerVersion(_ arn: LayerARN) async throws(LambdaError) -> LayerVersion
    /// Does nothing when there is none.
    func deleteLayerVersion(_ arn: LayerARN) async throws(LambdaError)
    /// The highest version of each layer that the filter lets through.
    func listLayers(_ filter: LayerFilter, page: PageRequest) async throws(LambdaError) -> Page<LayerVersion>
    /// The newest first.
    func listLayerVersions(
        _ arn: LayerARN, _ filter: LayerFilter, page: PageRequest
    ) async throws(LambdaError) -> Page<LayerVersion>
    /// The archive of a version.
    func layerContent(_ arn: LayerARN) async throws(LambdaError) -> CodeContent
    /// Adds a statement to a version's policy and returns it as AWS writes it.
    func addLayerPermission(
        _ statement: PolicyStatement, to arn: LayerARN, revisionID: String?
    ) async throws(LambdaError) -> PolicyDescription
    func removeLayerPermission(
        _ statementID: String, from arn: LayerARN, revisionID: String?
    ) async throws(LambdaError)
    func layerPolicy(_ arn: LayerARN) async throws(LambdaError) -> PolicyDescription
}

package struct PublishLayerVersionRequest: Sendable {
    package var arn: LayerARN
    package var members: LayerMembers
    package var code: CodeUpload

    package init(arn: LayerARN, members: LayerMembers, code: CodeUpload) {
        self.arn = arn
        self.members = members
        self.code = code
    }
}
