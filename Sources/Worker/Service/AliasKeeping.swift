package import FunctionModel

/// The aliases of functions.
package protocol AliasKeeping: Sendable {
    func createAlias(_ request: CreateAliasRequest) async throws(LambdaError) -> FunctionAlias
    func alias(_ name: String, of function: String) async throws(LambdaError) -> FunctionAlias
    /// By name; with a version, those alone that lead to it first.
    func aliases(
        of function: String, version: FunctionVersion?, page: PageRequest
    ) async throws(LambdaError) -> Page<FunctionAlias>
    func updateAlias(
        _ name: String, of function: String, _ members: AliasMembers
    ) async throws(LambdaError) -> FunctionAlias
    /// Does nothing when there is none.
    func deleteAlias(_ name: String, of function: String) async throws(LambdaError)
}

package struct CreateAliasRequest: Sendable {
    package var functionName: String
    package var name: String
    package var members: AliasMembers

    package init(functionName: String, name: String, members: AliasMembers) {
        self.functionName = functionName
        self.name = name
        self.members = members
    }
}
