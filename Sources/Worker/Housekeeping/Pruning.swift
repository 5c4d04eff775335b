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
    let containers: ContainerRoots
    let logger: Logger

    /// Removes the images of layers that no version has together any more.
    ///
    /// - Parameter versions: what had them.
    func pruneLayers(of versions: [FunctionConfiguration]) async {
        var seen: Set<String> = []
        for version in versions {
            guard let set = version.layerSet, seen.insert(set).inserted, let layers = version.layers else { continue }
            do {
                if try await functions.hasVersion(withLayers: layers.map(\.code)) { continue }
                try files.removeLayersImage(sha256: set)
            } catch {
                logger.error("cannot remove an image of layers", metadata: ["layers": "\(set)", "error": "\(error)"])
            }
        }
    }

    /// - Parameter versions: those that the function had; images of what the store has removed go.
    func prune(_ removed: RemovedVersions, of name: String, versions: [FunctionConfiguration]) async {
        let gone = Set(removed.versions.map { VersionKey(name, $0) })
        pool.retire { gone.contains($0) }
        if removed.versions.contains(.latest) { admission.forget(name) }
        memory.forget { gone.contains($0) }
        for key in gone { await snapshots.forget(key) }
        for id in removed.snapshotIDs { await snapshots.remove(id) }
        removeUnusedCodeImages(versions.map(\.code))
        await pruneLayers(of: versions)
        await pruneContainers(of: versions)
    }

    /// Removes the roots of container images that no version is made of any more.
    ///
    /// - Parameter versions: what had them; nothing is done where that is no image.
    func pruneContainers(of versions: [FunctionConfiguration]) async {
        guard versions.contains(where: { $0.image != nil }) else { return }
        await pruneContainers()
    }

    func pruneContainers() async {
        do {
            try await containers.remove(except: try await functions.imageDigests())
        } catch {
            logger.error("cannot remove roots of container images", metadata: ["error": "\(error)"])
        }
    }

    /// The store has removed the zips that no version refers to any more; their images go with them.
    private func removeUnusedCodeImages(_ code: [CodeReference]) {
        var seen: Set<String> = []
        for reference in code where seen.insert(reference.sha256).inserted {
            guard let digest = reference.hexadecimalDigest, let zip = try? functions.codePath(reference),
                !FileStatus.exists(zip)
            else { continue }
            do { try files.removeCodeImage(sha256: digest) } catch {
                logger.error("cannot remove a code image", metadata: ["code": "\(digest)", "error": "\(error)"])
            }
        }
    }
}
