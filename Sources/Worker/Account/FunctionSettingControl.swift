internal import Basics
package import FunctionModel
internal import FunctionStore

import struct Foundation.Data
import class Foundation.JSONDecoder

/// What functions have beside their configuration. It is kept and shown, and by the runtime management a
/// version follows its base image or does not; no caller is counted that calls itself.
package struct FunctionSettingControl: FunctionSettingKeeping {
    let functions: FunctionCatalog
    let store: any AccountStore
    let account: AccountControl

    // MARK: - Code signing

    package func codeSigning(of function: String) async throws(LambdaError) -> String? {
        _ = try await functions.latest(function)
        return try await setting(.codeSigning, of: function).map { functions.account.codeSigningARN($0) }
    }

    package func setCodeSigning(_ arn: String?, of function: String) async throws(LambdaError) {
        var id: String?
        if let arn {
            do throws(LambdaError) { id = try await account.codeSigning(arn: arn).id } catch {
                throw error.code == .resourceNotFound ? .codeSigningMissing(arn) : error
            }
        }
        _ = try await functions.latest(function)
        try await set(.codeSigning, of: function, to: id)
    }

    // MARK: - Recursion

    private static let terminate = "Terminate"

    package func recursion(of function: String) async throws(LambdaError) -> String {
        _ = try await functions.latest(function)
        return try await setting(.recursion, of: function) ?? Self.terminate
    }

    package func setRecursion(_ value: String?, of function: String) async throws(LambdaError) -> String {
        let value = try FunctionValidation.checkChoice(value, at: "recursiveLoop", among: [Self.terminate, "Allow"])
        _ = try await functions.latest(function)
        try await set(.recursion, of: function, to: value)
        return value
    }

    // MARK: - Runtime management

    package func runtimeManagement(of reference: FunctionReference) async throws(LambdaError) -> RuntimeManagement {
        let version = try await functions.resolve(reference).configuration.version
        guard
            let text = try await setting(.runtimeManagement, of: reference.name, qualifier: version.qualifier)
        else { return RuntimeManagement() }
        do { return try JSONDecoder().decode(RuntimeManagement.self, from: Data(text.utf8)) } catch {
            throw .service("the runtime management of \(reference.name) cannot be read: \(error)")
        }
    }

    package func setRuntimeManagement(
        _ updateOn: String?, runtimeVersionARN: String?, of reference: FunctionReference
    ) async throws(LambdaError) -> RuntimeManagement {
        let wanted = try RuntimeManagement(checking: updateOn, runtimeVersionARN: runtimeVersionARN)
        let version = try await functions.resolve(reference).configuration.version
        let text: String
        do { text = try JSONText.encode(wanted) } catch { throw .service("\(error)") }
        try await set(.runtimeManagement, of: reference.name, qualifier: version.qualifier, to: text)
        return wanted
    }

    private func setting(
        _ kind: FunctionSettingKind, of function: String, qualifier: String? = nil
    ) async throws(LambdaError) -> String? {
        try await rethrowing(
            try await store.setting(kind, of: function, qualifier: qualifier), as: FunctionCatalog.lambdaError)
    }

    private func set(
        _ kind: FunctionSettingKind, of function: String, qualifier: String? = nil, to value: String?
    ) async throws(LambdaError) {
        try await rethrowing(
            try await store.set(kind, of: function, qualifier: qualifier, to: value), as: FunctionCatalog.lambdaError)
    }
}
