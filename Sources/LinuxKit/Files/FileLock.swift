import Glibc
package import SystemPackage

/// The lock of a file or directory (flock(2)), exclusive unless shared, against other tasks and other processes: for as long as
/// this lives or until ``release()``. The kernel drops it when the process dies, so a crash blocks nobody.
package final class FileLock: Sendable {
    private let file: OwnedDescriptor

    private init(_ file: consuming OwnedDescriptor) { self.file = file }

    // Closing the file alone would not do: a child that has not come to its exec yet has it open too.
    deinit { release() }

    /// Nil while somebody else has it.
    /// - Parameter options: how the file is opened.
    package static func take(
        _ path: FilePath, options: FileDescriptor.OpenOptions = [.create, .noFollow]
    ) throws(Errno) -> FileLock? {
        do {
            return try lock(path, options, LOCK_EX | LOCK_NB)
        } catch .wouldBlock {
            return nil
        }
    }

    /// Waits until nobody else has it. Blocks.
    /// - Parameter options: how the file is opened; `.directory` for the lock of a directory.
    package static func wait(
        for path: FilePath, options: FileDescriptor.OpenOptions = [.create, .noFollow]
    ) throws(Errno) -> FileLock {
        try lock(path, options, LOCK_EX)
    }

    /// Waits until nobody has it alone, and keeps away from then on who wants it alone. Blocks.
    package static func share(
        _ path: FilePath, options: FileDescriptor.OpenOptions = [.create, .noFollow]
    ) throws(Errno) -> FileLock {
        try lock(path, options, LOCK_SH)
    }

    /// Gives it to others while the object lives on. Its holder may remove the file first.
    package func release() { _ = file.withRaw { flock($0, LOCK_UN) } }

    private static func lock(
        _ path: FilePath, _ options: FileDescriptor.OpenOptions, _ operation: CInt
    ) throws(Errno) -> FileLock {
        // NFS locks only what is open for writing, which a directory cannot be.
        let mode: FileDescriptor.AccessMode = options.contains(.directory) ? .readOnly : .readWrite
        while true {
            let file = try OwnedDescriptor.open(path, mode, options: options)
            try file.withRaw { raw throws(Errno) in _ = try syscall { flock(raw, operation) } }
            // Who had it before may have removed the file: locked, it would keep nobody away.
            if try isStill(file, at: path) { return FileLock(file) }
        }
    }

    private static func isStill(_ file: borrowing OwnedDescriptor, at path: FilePath) throws(Errno) -> Bool {
        do {
            return try FileStatus.of(path).inode == FileStatus.of(file).inode
        } catch .noSuchFileOrDirectory { return false }
    }
}
