internal import BaseImages
internal import FunctionModel
internal import FunctionStore
internal import LinuxKit
internal import Logging

/// Clears away what versions leave that were deleted.
struct Pruning: Sendable {
    let functions: FunctionCatalog
    let admission: Admission
    let files: any FunctionFiles
    let pool: SandboxPool
    let memory: HostMemoryBudget
    let snapshots: SnapshotCatalog
    let logger: Logger

    /// - Parameter code: what the function's versions referred to; images of what the store has removed go.
    func prune(_ removed: RemovedVersions, of name: String, code: [CodeReference]) async {
        let gone = Set(removed.versions.map { VersionKey(name, $0) })
        pool.retire { gone.contains($0) }
        if removed.versions.contains(.latest) { admission.forget(name) }
        memory.forget { gone.contains($0) }
        for key in gone { await snapshots.forget(key) }
        for id in removed.snapshotIDs { await snapshots.remove(id) }
        removeUnusedCodeImages(code)
    }

    /// The store has removed the zips that no version refers to any more; their images go with them.
    private func removeUnusedCodeImages(_ code: [CodeReference]) {
        for reference in code {
            guard let digest = reference.hexadecimalDigest, let zip = try? functions.codePath(reference),
                !FileStatus.exists(zip)
            else { continue }
            do { try files.removeCodeImage(sha256: digest) } catch {
                logger.error("cannot remove a code image", metadata: ["code": "\(digest)", "error": "\(error)"])
            }
        }
    }
}
