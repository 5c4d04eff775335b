import Crypto
package import FunctionModel
import LinuxKit
import Synchronization
package import SystemPackage

/// A zip that is arriving: a file in the code directory without its name, hashed as it grows. Made with the first bytes, and
/// removed with the draft unless it was stored.
///
/// Blocks: call it on a thread of its own.
package final class CodeDraft: Sendable {
    private struct State: ~Copyable {
        var file: FileDraft?
        var digest = SHA256()
        var size = 0
    }
    private let state = Mutex(State())
    private let directory: FilePath

    package init(in directory: FilePath) { self.directory = directory }

    /// How much has arrived.
    package var size: Int { state.withLock { $0.size } }

    /// What names the content that has arrived.
    package var reference: CodeReference {
        state.withLock { CodeReference(digest: Array($0.digest.finalize()), size: $0.size) }
    }

    /// Where it is until it is stored.
    package func path() throws(FunctionStoreError) -> FilePath {
        try state.withLock { state throws(FunctionStoreError) in
            try makeFile(&state)
            return state.file?.path ?? directory
        }
    }

    package func append(_ bytes: UnsafeRawBufferPointer) throws(FunctionStoreError) {
        try state.withLock { state throws(FunctionStoreError) in
            try makeFile(&state)
            do throws(Errno) { try state.file?.descriptor.write(bytes, at: Int64(state.size)) } catch {
                throw .system("write", directory, error)
            }
            state.digest.update(bufferPointer: bytes)
            state.size += bytes.count
        }
    }

    /// Makes it the file `name` of the directory, on disk when the call returns. Once.
    func commit(as name: String) throws(FunctionStoreError) {
        try state.withLock { state throws(FunctionStoreError) in
            try makeFile(&state)
            guard let file = state.file.take() else { return }
            do throws(Errno) { try file.commit(as: name) } catch {
                throw .system("write", directory.appending(name), error)
            }
        }
    }

    private func makeFile(_ state: inout State) throws(FunctionStoreError) {
        guard state.file == nil else { return }
        do throws(Errno) {
            state.file = try FileDraft(in: directory, name: CodeDirectory.draftName, permissions: [.ownerRead])
        } catch {
            throw .system("write", directory, error)
        }
    }
}
