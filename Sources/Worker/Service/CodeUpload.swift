package import FunctionModel
internal import FunctionStore
package import SystemPackage

/// A zip that a client sends: it goes to the disk as it arrives. Removed with the value, unless a function was given it.
package struct CodeUpload: Sendable {
    let draft: CodeDraft

    init(_ draft: CodeDraft) { self.draft = draft }

    /// - Parameter directory: where it is written.
    package init(in directory: FilePath) { self.init(CodeDraft(in: directory)) }

    /// What has arrived.
    package var reference: CodeReference { draft.reference }

    /// How much has arrived.
    package var size: Int { draft.size }

    /// Blocks while the bytes are written.
    package func append(_ bytes: UnsafeRawBufferPointer) throws(LambdaError) {
        do throws(FunctionStoreError) { try draft.append(bytes) } catch { throw FunctionCatalog.lambdaError(error) }
    }
}
