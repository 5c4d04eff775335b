import Glibc
internal import LinuxKit
internal import SystemPackage

/// The right to build one image, against other tasks and other processes (flock(2)). Ends with the value.
///
/// The kernel drops it when the holder dies, so a crashed build blocks nobody.
struct BuildLock: ~Copyable {
    private let file: OwnedDescriptor

    /// Waits for the lock, on a thread of its own.
    static func acquire(_ path: FilePath) async throws(ImageError) -> BuildLock {
        let raw = try await BlockingThread.run { () throws(ImageError) -> CInt in
            try attempt("lock", path) { () throws(Errno) in
                let file = try open(path)
                try file.withRaw { raw throws(Errno) in _ = try syscall { flock(raw, LOCK_EX) } }
                return file.relinquish()
            }
        }
        return BuildLock(file: OwnedDescriptor(adopting: raw))
    }

    /// The lock if nobody has it.
    static func acquireNow(_ path: FilePath) -> BuildLock? {
        do throws(Errno) {
            let file = try open(path)
            try file.withRaw { raw throws(Errno) in _ = try syscall { flock(raw, LOCK_EX | LOCK_NB) } }
            return BuildLock(file: file)
        } catch {
            return nil
        }
    }

    private init(file: consuming OwnedDescriptor) {
        self.file = file
    }

    private static func open(_ path: FilePath) throws(Errno) -> OwnedDescriptor {
        try OwnedDescriptor.open(path, .readWrite, options: [.create, .noFollow], permissions: [.ownerReadWrite])
    }
}
