package import FunctionModel

/// What belongs to the account, or to a function beside its configuration.
///
/// Every method is durable when it returns; one that throws changed nothing.
package protocol AccountStore: Sendable {
    func usage() async throws(FunctionStoreError) -> StoreUsage

    // MARK: Code signing

    func codeSigningConfiguration(_ id: String) async throws(FunctionStoreError) -> CodeSigningConfiguration?
    func codeSigningConfigurations(page: ListPage) async throws(FunctionStoreError) -> Page<CodeSigningConfiguration>
    /// Adds it, or replaces the one that has its id.
    func save(_ configuration: CodeSigningConfiguration) async throws(FunctionStoreError)
    func deleteCodeSigningConfiguration(_ id: String) async throws(FunctionStoreError)

    // MARK: Of single functions

    /// - Parameter qualifier: the version that it is set for; nil for settings of a function as a whole.
    func setting(
        _ kind: FunctionSettingKind, of function: String, qualifier: String?
    ) async throws(FunctionStoreError) -> String?
    /// Sets or, with nil, removes; throws `.notFound` when there is no such function.
    func set(
        _ kind: FunctionSettingKind, of function: String, qualifier: String?, to value: String?
    ) async throws(FunctionStoreError)
    /// The functions whose setting has this value, by name.
    func functions(
        with kind: FunctionSettingKind, equal value: String, page: ListPage
    ) async throws(FunctionStoreError) -> Page<String>
}

/// What is kept of a function beside its configuration: a text each.
package enum FunctionSettingKind: String, Sendable {
    /// The id of its ``CodeSigningConfiguration``.
    case codeSigning
    /// `Allow` or `Terminate`.
    case recursion
    /// How its runtime is updated, as JSON.
    case runtimeManagement
}

/// What all functions take together.
package struct StoreUsage: Sendable, Equatable {
    package var functions: Int
    /// Bytes of zips: each version counts its own, also where versions share one.
    package var codeSize: Int

    package init(functions: Int, codeSize: Int) {
        self.functions = functions
        self.codeSize = codeSize
    }
}
