package import FunctionModel

/// What belongs to the account rather than to a function.
package protocol AccountKeeping: Sendable {
    func accountSettings() async throws(LambdaError) -> AccountSettings
    func createCodeSigning(_ members: CodeSigningMembers) async throws(LambdaError) -> CodeSigningConfiguration
    func codeSigning(arn: String) async throws(LambdaError) -> CodeSigningConfiguration
    func codeSigning(page: PageRequest) async throws(LambdaError) -> Page<CodeSigningConfiguration>
    func updateCodeSigning(
        arn: String, _ members: CodeSigningMembers
    ) async throws(LambdaError) -> CodeSigningConfiguration
    func deleteCodeSigning(arn: String) async throws(LambdaError)
    /// The names of the functions that have it.
    func functions(withCodeSigning arn: String, page: PageRequest) async throws(LambdaError) -> Page<String>
}

/// What is kept of a function beside its configuration.
package protocol FunctionSettingKeeping: Sendable {
    /// The ARN of its code signing configuration; nil when it has none.
    func codeSigning(of function: String) async throws(LambdaError) -> String?
    /// Nil takes it away.
    func setCodeSigning(_ arn: String?, of function: String) async throws(LambdaError)
    /// `RecursiveLoop`
    func recursion(of function: String) async throws(LambdaError) -> String
    func setRecursion(_ value: String?, of function: String) async throws(LambdaError) -> String
    func runtimeManagement(of reference: FunctionReference) async throws(LambdaError) -> RuntimeManagement
    func setRuntimeManagement(
        _ updateOn: String?, runtimeVersionARN: String?, of reference: FunctionReference
    ) async throws(LambdaError) -> RuntimeManagement
}

/// GetAccountSettings' answer.
package struct AccountSettings: Sendable, Equatable {
    package var concurrentExecutions: Int
    package var unreservedConcurrentExecutions: Int
    package var functionCount: Int
    /// Bytes.
    package var codeSize: Int

    package init(
        concurrentExecutions: Int, unreservedConcurrentExecutions: Int, functionCount: Int, codeSize: Int
    ) {
        self.concurrentExecutions = concurrentExecutions
        self.unreservedConcurrentExecutions = unreservedConcurrentExecutions
        self.functionCount = functionCount
        self.codeSize = codeSize
    }
}
