import FunctionModel
import FunctionStore

extension CodeDirectory {
    /// Takes in a whole zip, in two pieces, and keeps it.
    func store(_ bytes: [UInt8]) throws(FunctionStoreError) -> CodeReference {
        let draft = draft()
        try draft.append(bytes)
        return try store(draft)
    }
}

extension FunctionStore {
    func storeCode(_ bytes: [UInt8]) async throws(FunctionStoreError) -> CodeReference {
        let draft = draftCode()
        try draft.append(bytes)
        return try await storeCode(draft)
    }
}

extension CodeDraft {
    func append(_ bytes: [UInt8]) throws(FunctionStoreError) {
        for piece in [bytes.prefix(bytes.count / 2), bytes.dropFirst(bytes.count / 2)] {
            try piece.withUnsafeBytes { bytes -> Result<Void, FunctionStoreError> in
                Result { () throws(FunctionStoreError) in try append(bytes) }
            }.get()
        }
    }
}
