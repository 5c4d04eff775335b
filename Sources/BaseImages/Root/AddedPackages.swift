import Glibc
internal import LinuxKit
internal import SystemPackage

/// Packages that the operator of a host adds to a runtime: what AWS's runtimes have, and no registry that a recipe may take from.
///
/// Kept in the image store, so that every later build of the runtime has them, too.
/// ```
/// packages/<runtime>/digest      of the content
/// packages/<runtime>/content/    absent where an image that has them was imported
/// ```
struct AddedPackages: Sendable {
    let directory: FilePath

    var content: FilePath { directory.appending("content") }
    private var record: FilePath { directory.appending("digest") }

    /// Nil where nothing was added.
    var digest: String? {
        get throws(ImageError) {
            guard FileInfo(record) != nil else { return nil }
            let text = String(decoding: try Files.read(record, limit: 1 << 10), as: UTF8.self)
            guard text.isDigest else { throw .damaged(record, reason: "it is no SHA-256") }
            return text
        }
    }

    /// Makes `staged`, a directory, what is added from now on; blocks.
    func replace(with staged: FilePath) throws(ImageError) {
        try Files.write(try AddedPackages.normalize(staged.appending("content")), to: staged.appending("digest"))
        try put(staged)
    }

    /// What an imported image has: it can be used, and not be built here.
    func note(_ digest: String?, in workspace: FilePath) throws(ImageError) {
        if try self.digest == digest { return }
        guard let digest else { return try Tree.remove(directory) }
        let staged = workspace.appending("packages")
        try Tree.make(staged)
        try Files.write(digest, to: staged.appending("digest"))
        try put(staged)
    }

    private func put(_ staged: FilePath) throws(ImageError) {
        try Tree.make(directory.removingLastComponent())
        try Tree.remove(directory)
        try Files.rename(staged, to: directory)
        try Tree.synchronize(directory.removingLastComponent())
    }

    /// For cp: the content of one directory into another, links as links.
    static func copyArguments(from directory: FilePath, to place: FilePath) -> [String] {
        ["-R", "-P", "--preserve=mode,links", "--", "\(directory)/.", "\(place)/"]
    }

    /// Gives everything below `tree` the modes that files of images have. Nothing but files, directories and links.
    /// - Returns: a digest of names, modes and content.
    private static func normalize(_ tree: FilePath) throws(ImageError) -> String {
        var parts = ["added packages 1"]
        var pending = [FilePath("")]
        while let relative = pending.popLast() {
            for name in try Tree.names(in: tree.pushing(relative)) {
                let child = relative.appending(name)
                let path = tree.pushing(child)
                let status = try attempt("look at", path) { () throws(Errno) in
                    try FileStatus.of(path, following: false)
                }
                switch status.kind {
                case .directory:
                    try setMode(.imageExecutable, of: path)
                    pending.append(child)
                    parts += ["directory", child.string]
                case .regular:
                    let isExecutable = status.permissions.rawValue & 0o111 != 0
                    try setMode(isExecutable ? .imageExecutable : .image, of: path)
                    parts += [isExecutable ? "program" : "file", child.string, try Files.digest(of: path)]
                case .symlink:
                    parts += ["link", child.string, FileStatus.symlinkContent(path)?.string ?? ""]
                case .blockDevice, .characterDevice, .pipe, .socket, .other:
                    throw .unusablePackages(tree, reason: "'\(child)' is neither a file nor a directory nor a link")
                }
            }
        }
        return ImageInputs.digest(of: parts)
    }

    private static func setMode(_ mode: FilePermissions, of path: FilePath) throws(ImageError) {
        try attempt("chmod", path) { () throws(Errno) in
            try syscall { path.withPlatformString { chmod($0, mode_t(mode.rawValue)) } }
        }
    }
}
