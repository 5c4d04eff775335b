package import FunctionModel

package protocol VersionPublishing: Sendable {
    func publishVersion(_ request: PublishVersionRequest) async throws(LambdaError) -> FunctionConfiguration
}

package struct PublishVersionRequest: Sendable {
    package var functionName: String
    package var codeSha256: String?
    package var description: String?
    package var revisionID: String?

    package init(functionName: String, codeSha256: String?, description: String?, revisionID: String?) {
        self.functionName = functionName
        self.codeSha256 = codeSha256
        self.description = description
        self.revisionID = revisionID
    }
}
