package import SystemPackage

/// A file that is being written: it appears under its name when it is whole and on disk, or not at all.
///
/// Called `.<name>.<random>` until then. One that is given up is emptied before it is removed: a child that was forked meanwhile
/// may hold its descriptor a little longer, and the space is free at once all the same.
package struct FileDraft: ~Copyable, Sendable {
    package let descriptor: OwnedDescriptor
    private let directory: FilePath
    /// Where it is until then.
    package let path: FilePath
    private var isKept = false

    /// - Parameter name: what the file is going to be called, or what it is for.
    package init(
        in directory: FilePath, name: String, permissions: FilePermissions = FilePermissions(rawValue: 0o644)
    ) throws(Errno) {
        self.directory = directory.isEmpty ? "." : directory
        path = directory.appending(".\(name).\(String(UInt64.random(in: .min ... .max), radix: 36))")
        descriptor = try OwnedDescriptor.open(
            path, .writeOnly, options: [.create, .exclusiveCreate, .noFollow], permissions: permissions)
    }

    deinit {
        guard !isKept else { return }
        try? descriptor.setSize(0)
        try? DurableFile.remove(path)
    }

    /// Gives it the name, in place of what had it, and makes both durable.
    package consuming func commit(as name: String) throws(Errno) {
        try descriptor.sync()
        try DurableFile.rename(path, to: directory.appending(name))
        isKept = true
        try DurableFile.syncDirectory(directory)
    }
}
