internal import LinuxKit
package import Logging
package import SystemPackage
internal import Workshop

/// Builds and keeps the read-only file systems that sandboxes run from: base images, code, empty scratch disks.
///
/// Everything is content of `directory` and nothing else: an image appears under its name by a rename once it is
/// complete and on disk. Several tasks, and several processes, may use one directory at once; each image is built by
/// one of them (`flock(2)`) and the others wait for it.
///
/// ```
/// base/<digest>/       kernel, initramfs, root.erofs, image.json
/// parts/root-<inputs>/, parts/kernel-<inputs>/      what base images are put together from, by hard links
/// code/<sha256>.erofs
/// layers/<sha256>.erofs
/// scratch/<megabytes>.ext4
/// packages/<runtime>/  what was added to a runtime on this host
/// staging/             what is being built
/// locks/               empty files
/// ```
package struct ImageStore: Sendable {
    package let directory: FilePath
    let share: ShareDirectory
    let workshop: Workshop
    let logger: Logger

    /// Told about each step that takes a while.
    package typealias Progress = @Sendable (String) -> Void

    /// - Parameter directory: for example `/var/lib/thaw/images`; made when it is first needed.
    package init(directory: FilePath, share: ShareDirectory, logger: Logger) {
        self.directory = directory
        self.share = share
        workshop = Workshop(program: share.workshop)
        self.logger = logger
    }

    var bases: FilePath { directory.appending("base") }
    package var parts: FilePath { directory.appending("parts") }
    var code: FilePath { directory.appending("code") }
    var layers: FilePath { directory.appending("layers") }
    var scratch: FilePath { directory.appending("scratch") }
    var packages: FilePath { directory.appending("packages") }
    package var staging: FilePath { directory.appending("staging") }
    package var locks: FilePath { directory.appending("locks") }

    /// Removes what builds that died left behind. Running ones, of this process or another, are not disturbed.
    package func sweep() async {
        let (staging, locks, logger) = (staging, locks, logger)
        await BlockingThread.run { () throws(Never) in
            for name in (try? Tree.names(in: staging)) ?? [] {
                let path = locks.appending(ImageStore.key(ofWorkspace: name))
                guard let lock = try? FileLock.take(path) else { continue }
                do {
                    try Tree.remove(staging.appending(name))
                    logger.info("removed an unfinished image", metadata: ["name": "\(name)"])
                } catch {
                    logger.warning("cannot remove an unfinished image", metadata: ["error": "\(error)"])
                }
                extendLifetime(lock)
            }
        }
    }

    /// Runs `build` in an empty directory of its own, holding the lock that `key` names; nothing of the directory
    /// is left afterwards. Returns what `existing` finds instead, if another builder was faster.
    func building<R: Sendable>(
        _ key: String, needing bytes: Int, existing: () async throws(ImageError) -> R?,
        _ build: (_ workspace: FilePath) async throws(ImageError) -> R
    ) async throws(ImageError) -> R {
        for place in [bases, parts, code, layers, scratch, staging, locks] { try Tree.make(place) }
        let path = locks.appending(key)
        let lock = try await BlockingThread.run { () throws(ImageError) -> FileLock in
            try attempt("lock", path) { () throws(Errno) in try FileLock.wait(for: path) }
        }
        defer { extendLifetime(lock) }
        if let result = try await existing() { return result }
        for name in try Tree.names(in: staging) where ImageStore.key(ofWorkspace: name) == key {
            try Tree.remove(staging.appending(name))
        }
        try Tree.requireSpace(bytes, at: staging)
        // Not reused: a program that outlived its server may still write to the directory of that name.
        let workspace = staging.appending("\(key).\(UInt64.random(in: .min ... .max))")
        try Tree.make(workspace)
        do {
            let result = try await build(workspace)
            try await BlockingThread.run { () throws(ImageError) in try Tree.remove(workspace) }
            return result
        } catch {
            do {
                try await BlockingThread.run { () throws(ImageError) in try Tree.remove(workspace) }
            } catch let second {
                logger.warning("cannot remove an unfinished image", metadata: ["error": "\(second)"])
            }
            throw error
        }
    }

    /// What is before the last dot, which the random number follows.
    static func key(ofWorkspace name: String) -> String {
        name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
    }

    /// Makes a file or directory that is complete appear under its name, for good.
    func publish(_ path: FilePath, as name: FilePath) throws(ImageError) {
        if FileInfo(path)?.isDirectory == true {
            for file in try Tree.files(below: path) { try Files.synchronize(path.pushing(file)) }
            try Tree.synchronize(path)
        } else {
            try Files.synchronize(path)
        }
        try Files.rename(path, to: name)
        try Tree.synchronize(name.removingLastComponent())
    }
}
