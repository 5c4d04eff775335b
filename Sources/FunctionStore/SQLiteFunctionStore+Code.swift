package import FunctionModel
import GRDB
import LinuxKit
package import SystemPackage

/// The uploaded zips.
extension SQLiteFunctionStore {
    package func draftCode() -> CodeDraft { codes.draft() }

    package func storeCode(_ draft: CodeDraft) async throws(FunctionStoreError) -> CodeReference {
        try await BlockingThread.run { [codes] () throws(FunctionStoreError) in try codes.store(draft) }
    }

    package func releaseCode(_ code: CodeReference) async throws(FunctionStoreError) {
        try codes.release(code)
        await removeUnreferenced([code])
    }

    package func codePath(_ code: CodeReference) throws(FunctionStoreError) -> FilePath {
        try codes.filePath(code)
    }

    package func holdCode(_ code: CodeReference) async throws(FunctionStoreError) -> Bool {
        try codes.hold(code)
    }

    package func hasVersion(withLayers layers: [CodeReference]) async throws(FunctionStoreError) -> Bool {
        guard let first = layers.first else { return false }
        let wanted = layers.map(\.sha256)
        return try await read { [path] db in
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT version.* FROM versionLayer JOIN version USING (functionName, number)
                    WHERE versionLayer.codeSha256 = ?
                    """,
                arguments: [first.sha256])
            while let row = try rows.next() {
                let layers = try VersionRow(row, in: path).configuration.layers ?? []
                if layers.map(\.code.sha256) == wanted { return true }
            }
            return false
        }
    }

    package func imageDigests() async throws(FunctionStoreError) -> Set<String> {
        try await read { db in
            // Zips' digests are 44 characters of base64.
            try String.fetchSet(db, sql: "SELECT DISTINCT codeSha256 FROM version WHERE length(codeSha256) = 64")
        }
    }

    /// Removes those of the zips that no version of a function or layer refers to and nobody holds.
    ///
    /// Runs where writes run, one at a time: no version can begin to refer to a zip between the question and the
    /// removal. What the caller did is done by now, so neither its cancellation nor a failure here may change its
    /// result: what is left is removed when the store is opened the next time.
    func removeUnreferenced(_ candidates: [CodeReference]) async {
        let removal = Task { [pool, codes] in
            try await pool.write { db in
                // Images are nobody's zips.
                for code in candidates where code.hexadecimalDigest != nil {
                    let isReferenced = try Bool.fetchOne(
                        db,
                        sql: """
                            SELECT EXISTS (SELECT 1 FROM version WHERE codeSha256 = :code)
                              OR EXISTS (SELECT 1 FROM versionLayer WHERE codeSha256 = :code)
                              OR EXISTS (SELECT 1 FROM layerVersion WHERE codeSha256 = :code)
                            """,
                        arguments: ["code": code.sha256])
                    if isReferenced == false { try codes.removeUnlessHeld(code) }
                }
            }
        }
        _ = await removal.result
    }
}
