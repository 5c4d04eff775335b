import FunctionModel
import Worker

/// An account with one code signing configuration, and functions that keep none of their settings.
extension FakeLambdaService: AccountKeeping, FunctionSettingKeeping {
    static let codeSigning = CodeSigningConfiguration(
        id: "csc-0123456789abcdefg", description: "d", publishers: ["arn:aws:signer:us-east-1:123456789012:/p"],
        policy: "Warn", lastModified: .sample)

    func accountSettings() async throws(LambdaError) -> AccountSettings {
        AccountSettings(
            concurrentExecutions: 7, unreservedConcurrentExecutions: 5, functionCount: 2, codeSize: 552)
    }

    func createCodeSigning(_ members: CodeSigningMembers) async throws(LambdaError) -> CodeSigningConfiguration {
        try members.check(isNew: true)
        return Self.codeSigning
    }

    func codeSigning(arn: String) async throws(LambdaError) -> CodeSigningConfiguration {
        guard AccountScope().codeSigningID(in: arn) == Self.codeSigning.id else { throw .codeSigningNotFound(arn) }
        return Self.codeSigning
    }

    func codeSigning(page: PageRequest) async throws(LambdaError) -> Page<CodeSigningConfiguration> {
        Page(items: [Self.codeSigning], nextMarker: nil)
    }

    func updateCodeSigning(
        arn: String, _ members: CodeSigningMembers
    ) async throws(LambdaError) -> CodeSigningConfiguration {
        try await codeSigning(arn: arn)
    }

    func deleteCodeSigning(arn: String) async throws(LambdaError) { _ = try await codeSigning(arn: arn) }

    func functions(withCodeSigning arn: String, page: PageRequest) async throws(LambdaError) -> Page<String> {
        _ = try await codeSigning(arn: arn)
        return Page(items: ["f"], nextMarker: nil)
    }

    func codeSigning(of function: String) async throws(LambdaError) -> String? {
        _ = try await functionConfiguration(FunctionReference(name: function))
        return nil
    }

    func setCodeSigning(_ arn: String?, of function: String) async throws(LambdaError) {
        if let arn, AccountScope().codeSigningID(in: arn) != Self.codeSigning.id { throw .codeSigningMissing(arn) }
        _ = try await functionConfiguration(FunctionReference(name: function))
    }

    func recursion(of function: String) async throws(LambdaError) -> String {
        _ = try await functionConfiguration(FunctionReference(name: function))
        return "Terminate"
    }

    func setRecursion(_ value: String?, of function: String) async throws(LambdaError) -> String {
        try FunctionValidation.checkChoice(value, at: "recursiveLoop", among: ["Terminate", "Allow"])
    }

    func runtimeManagement(of reference: FunctionReference) async throws(LambdaError) -> RuntimeManagement {
        _ = try await functionConfiguration(reference)
        return RuntimeManagement()
    }

    func setRuntimeManagement(
        _ updateOn: String?, runtimeVersionARN: String?, of reference: FunctionReference
    ) async throws(LambdaError) -> RuntimeManagement {
        try RuntimeManagement(checking: updateOn, runtimeVersionARN: runtimeVersionARN)
    }
}
