internal import Basics
package import FunctionModel
import LinuxKit
import Synchronization
package import SystemPackage

/// The uploaded zips: one file per content, named by its SHA-256 in hexadecimal.
///
/// A file appears under its name only when it is whole and on disk. Blocks: call it on a thread of its own.
package final class CodeDirectory: Sendable {
    static let draftName = "upload"

    package let path: FilePath
    /// How often each digest is held. Also guards that a file is not removed between "it is there" and "it is held".
    private let holds = Mutex<[String: Int]>([:])

    package init(path: FilePath) throws(FunctionStoreError) {
        self.path = path
        try rethrowing(try Directory.create(path, permissions: [.ownerReadWriteExecute], existingIsFine: true)) {
            FunctionStoreError.system("make directory", path, $0)
        }
    }

    /// Takes a zip in, which is kept only once it is stored.
    package func draft() -> CodeDraft { CodeDraft(in: path) }

    /// Keeps what has arrived and holds it.
    package func store(_ draft: CodeDraft) throws(FunctionStoreError) -> CodeReference {
        let code = draft.reference
        let name = try fileName(code)
        let file = path.appending(name)
        let isThere = holds.withLock { holds in
            holds[name, default: 0] += 1
            return (try? FileStatus.of(file))?.size == Int64(code.size)
        }
        if isThere { return code }
        do throws(FunctionStoreError) { try draft.commit(as: name) } catch {
            release(name)
            throw error
        }
        return code
    }

    /// Holds what is there already; false when it is not.
    func hold(_ code: CodeReference) throws(FunctionStoreError) -> Bool {
        let name = try fileName(code)
        let file = path.appending(name)
        return holds.withLock { holds in
            guard FileStatus.exists(file) else { return false }
            holds[name, default: 0] += 1
            return true
        }
    }

    /// Ends one hold.
    func release(_ code: CodeReference) throws(FunctionStoreError) {
        release(try fileName(code))
    }

    /// Removes the file unless it is held. The caller knows that no version refers to it.
    ///
    /// A file that cannot be removed is left for the next ``sweep(keeping:)``: nothing depends on its being gone.
    func removeUnlessHeld(_ code: CodeReference) throws(FunctionStoreError) {
        let name = try fileName(code)
        let file = path.appending(name)
        holds.withLock { holds in
            if holds[name] == nil { try? DurableFile.remove(file) }
        }
    }

    package func filePath(_ code: CodeReference) throws(FunctionStoreError) -> FilePath {
        path.appending(try fileName(code))
    }

    /// Removes what a process that was killed left: unfinished files, and code that nothing refers to. Files that are
    /// not named like ours are left alone.
    ///
    /// - Parameter kept: digests as ``CodeReference/sha256`` has them.
    func sweep(keeping kept: Set<String>) throws(FunctionStoreError) {
        var names: Set<String> = []
        for sha256 in kept { names.insert(try fileName(CodeReference(sha256: sha256, size: 0))) }
        do {
            for entry in try Directory.entries(path) where !names.contains(entry) {
                // An unfinished file is called `.<name>.<random>`.
                let owner = entry.hasPrefix(".") ? entry.dropFirst().prefix { $0 != "." } : entry[...]
                let isDraft = entry.hasPrefix(".\(Self.draftName).")
                if isDraft || Self.isDigest(owner) { try DurableFile.remove(path.appending(entry)) }
            }
        } catch {
            throw .system("clean", path, error)
        }
    }

    private func release(_ name: String) {
        holds.withLock { holds in
            guard let count = holds[name] else { return }
            holds[name] = count > 1 ? count - 1 : nil
        }
    }

    private func fileName(_ code: CodeReference) throws(FunctionStoreError) -> String {
        guard let name = code.hexadecimalDigest else {
            throw .invalid("'\(code.sha256)' is not a SHA-256 in base64, so there is no such code")
        }
        return name
    }

    private static func isDigest(_ name: Substring) -> Bool {
        Hexadecimal.isText(name, count: 64)
    }
}
