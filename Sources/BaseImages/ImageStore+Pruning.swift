internal import LinuxKit
internal import Logging
internal import SystemPackage

/// Which images there are and which of them are of use.
extension ImageStore {
    /// A base image as an operator sees it.
    package struct Listed: Sendable, Equatable {
        package let image: BaseImage
        /// Kernel, initramfs and root. Images share them, so the sum of several is more than they take.
        package let bytes: Int
        /// Nanoseconds since 1970.
        package let builtAt: Int64
        /// What functions that start now get.
        package let isCurrent: Bool
    }

    /// Every base image that is complete, by runtime, the current one first.
    package func listed() -> [Listed] {
        var current: [String: String] = [:]
        let images = list()
        for runtime in Set(images.map(\.runtime)) { current[runtime] = (try? image(runtime))?.digest }
        return images.map { image in
            Listed(
                image: image,
                bytes: [image.kernel, image.initramfs, image.root].reduce(0) { $0 + (FileInfo($1)?.size ?? 0) },
                builtAt: ImageStore.buildTime(of: image), isCurrent: current[image.runtime] == image.digest)
        }.sorted {
            ($0.image.runtime, $0.isCurrent ? 0 : 1, $1.builtAt) < ($1.image.runtime, $1.isCurrent ? 0 : 1, $0.builtAt)
        }
    }

    /// Keeps an image from being pruned for as long as the result lives; nil when it is gone already.
    ///
    /// What a running server uses need not be on disk in a snapshot yet.
    package func lease(_ image: BaseImage) throws(ImageError) -> ImageLease? {
        try Tree.make(locks)
        let path = leasePath(image)
        let lock = try attempt("lock", path) { () throws(Errno) in try FileLock.share(path) }
        guard FileInfo(image.root) != nil else { return nil }
        noteUse(path)
        return ImageLease(lock)
    }

    /// The lock's file says when its image was used last: one that was made to look whether it is in use is empty. Where it cannot be
    /// written, an image only goes sooner.
    private func noteUse(_ path: FilePath) {
        try? OwnedDescriptor.open(path, .writeOnly, options: [.noFollow, .truncate]).writeAll("used".utf8)
    }

    /// When it was built, or a server used it last. Nanoseconds since 1970.
    private func lastUse(of image: BaseImage) -> Int64 {
        let built = ImageStore.buildTime(of: image)
        guard let lease = try? FileStatus.of(leasePath(image)), lease.size > 0 else { return built }
        return max(built, lease.modified)
    }

    private func leasePath(_ image: BaseImage) -> FilePath { locks.appending("image-\(image.digest)") }
}

/// See ``ImageStore/lease(_:)``.
package final class ImageLease: Sendable {
    private let lock: FileLock

    init(_ lock: FileLock) { self.lock = lock }
}

// MARK: - Pruning

extension ImageStore {
    package struct Pruned: Sendable, Equatable {
        package enum Item: Sendable, Equatable {
            case image(BaseImage)
            /// What images are put together from, by its name.
            case part(String)
        }

        /// Removed, or what would be.
        package var removed: [Item] = []
        /// Old, but in use by a server.
        package var inUse: [BaseImage] = []
        /// What no other name still holds.
        package var freedBytes: Int64 = 0

        package init() {}
    }

    /// Removes base images that no recipe here makes and that nobody uses, and the parts that only such were made from.
    ///
    /// Servers may run meanwhile: they hold leases of what they use.
    /// - Parameters:
    ///   - age: how long nothing has used what goes.
    ///   - now: the wall clock's time, nanoseconds since 1970.
    ///   - used: digests of the images that snapshots were taken on; asked for once nothing can begin to use an old image.
    package func prune(
        dryRun: Bool, unusedFor age: Duration = .zero, at now: UInt64 = WallClock.now(),
        keeping used: @escaping @Sendable () throws -> Set<String>
    ) async throws -> Pruned {
        let limit = Int64(clamping: now) - age.nanoseconds
        return try await BlockingThread.run { () throws(any Error) in
            try pruneBlocking(dryRun: dryRun, lastUsedBefore: limit, keeping: used)
        }
    }

    private func pruneBlocking(
        dryRun: Bool, lastUsedBefore limit: Int64, keeping used: () throws -> Set<String>
    ) throws -> Pruned {
        let current = try currentInputs()
        var (pruned, locked) = (Pruned(), [(image: BaseImage, lock: FileLock)]())
        for (manifest, directory) in manifests() where !current.digests.contains(manifest.inputs) {
            let image = manifest.image(in: directory)
            guard lastUse(of: image) <= limit else { continue }
            try Tree.make(locks)
            let path = leasePath(image)
            let lock = try attempt("lock", path) { () throws(Errno) in try FileLock.take(path) }
            if let lock { locked.append((image, lock)) } else { pruned.inUse.append(image) }
        }
        let kept = try used()
        var doomed: [FilePath] = []
        for (image, _) in locked where !kept.contains(image.digest) {
            pruned.removed.append(.image(image))
            doomed.append(image.root.removingLastComponent())
        }
        for name in try Tree.names(in: parts) where !current.parts.contains(name) {
            guard try FileStatus.of(parts.appending(name)).modified <= limit else { continue }
            pruned.removed.append(.part(name))
            doomed.append(parts.appending(name))
        }
        pruned.freedBytes = try ImageStore.bytes(onlyIn: doomed)
        if !dryRun { for path in doomed { try bury(path) } }
        extendLifetime(locked)
        return pruned
    }

    /// - Throws: when a recipe cannot be read: then nothing can be called old.
    private func currentInputs() throws(ImageError) -> (digests: Set<String>, parts: Set<String>) {
        var (digests, parts) = (Set<String>(), Set<String>())
        for runtime in share.runtimeNames() {
            let inputs = try inputs(of: runtime)
            digests.insert(inputs.digest)
            parts.formUnion([inputs.rootPart, inputs.kernelPart])
        }
        return (digests, parts)
    }

    /// Away by a rename first: what is half removed has no name that it could be used by, and ``sweep()`` ends the rest.
    private func bury(_ path: FilePath) throws(ImageError) {
        try Tree.make(staging)
        let grave = staging.appending("prune.\(UInt64.random(in: .min ... .max))")
        try Files.rename(path, to: grave)
        try Tree.synchronize(path.removingLastComponent())
        try Tree.remove(grave)
        logger.info("removed what no image is made from any more", metadata: ["path": "\(path)"])
    }

    /// What would be free without these directories: hard links to a file elsewhere keep it.
    private static func bytes(onlyIn directories: [FilePath]) throws(ImageError) -> Int64 {
        var seen: [UInt64: (status: FileStatus, names: UInt32)] = [:]
        for directory in directories {
            for file in try Tree.files(below: directory) {
                guard let status = try? FileStatus.of(directory.pushing(file)) else { continue }
                seen[status.inode] = (status, (seen[status.inode]?.names ?? 0) + 1)
            }
        }
        return seen.values.reduce(0) { $0 + ($1.names >= $1.status.links ? $1.status.allocatedBytes : 0) }
    }
}
