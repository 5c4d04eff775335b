package import SystemPackage

/// What unpacking an archive will make, decided from its directory alone before anything is written.
///
/// Every path is relative, free of `..`, and has only directories of the plan above it, never a link: whoever makes the
/// directories, then the files, then the links cannot be led out of the directory it works in.
package struct ZipPlan: Sendable, Equatable {
    package struct File: Sendable, Equatable {
        var index: UInt64
        package var path: FilePath
        var size: Int
        /// Whether any execute bit was set: the mode is 0755, else 0644.
        var isExecutable: Bool

        package init(index: UInt64, path: FilePath, size: Int, isExecutable: Bool) {
            self.index = index
            self.path = path
            self.size = size
            self.isExecutable = isExecutable
        }
    }

    /// A symbolic link; its target is the entry's content. Links are stored, never followed here.
    package struct Link: Sendable, Equatable {
        var index: UInt64
        var path: FilePath
        var size: Int

        package init(index: UInt64, path: FilePath, size: Int) {
            self.index = index
            self.path = path
            self.size = size
        }
    }

    /// Parents before children.
    package private(set) var directories: [FilePath] = []
    package private(set) var files: [File] = []
    package private(set) var links: [Link] = []
    /// Sum of the declared sizes.
    package private(set) var size = 0

    private enum Node { case directory, leaf }
    private var nodes: [FilePath: Node] = [:]
    private let limits: ZipLimits

    /// Half of PATH_MAX: leaves room for the directory that is unpacked into.
    private static let longestPath = 2048
    /// NAME_MAX.
    private static let longestName = 255

    package init(_ entries: some Sequence<ZipEntry>, limits: ZipLimits) throws(ImageError) {
        self.limits = limits
        for entry in entries { try add(entry) }
    }

    private mutating func add(_ entry: ZipEntry) throws(ImageError) {
        guard !entry.isEncrypted else { throw .invalidZip("the entry '\(entry.name)' is encrypted") }
        let path = try ZipPlan.path(of: entry.name)
        let type = entry.unixMode.map { $0 & 0o170000 } ?? 0
        if entry.name.utf8.last == UInt8(ascii: "/") || type == 0o040000 {
            try addDirectory(path)
            return
        }
        guard !path.components.isEmpty else { throw .invalidZip("an entry has no name") }
        guard nodes[path] == nil else { throw .invalidZip("the entry '\(entry.name)' is there twice") }
        guard entry.size <= UInt64(limits.unzippedBytes - size) else {
            throw .tooLarge(limitBytes: limits.unzippedBytes)
        }
        size += Int(entry.size)
        try addDirectory(path.removingLastComponent())
        try note(path, .leaf)
        switch type {
        case 0o120000:
            guard entry.size > 0, entry.size <= ZipPlan.longestPath else {
                throw .invalidZip("the symbolic link '\(entry.name)' has a target of \(entry.size) bytes")
            }
            links.append(Link(index: entry.index, path: path, size: Int(entry.size)))
        case 0, 0o100000:
            let isExecutable = (entry.unixMode ?? 0) & 0o111 != 0
            files.append(File(index: entry.index, path: path, size: Int(entry.size), isExecutable: isExecutable))
        default:
            throw .invalidZip("the entry '\(entry.name)' is a device, pipe or socket")
        }
    }

    /// Adds `path` and the directories above it that are not there yet.
    private mutating func addDirectory(_ path: FilePath) throws(ImageError) {
        var missing: [FilePath] = []
        var current = path
        while !current.components.isEmpty {
            switch nodes[current] {
            case .directory: current = FilePath()
            case .leaf: throw .invalidZip("'\(current)' is both a file and a directory")
            case nil:
                missing.append(current)
                current = current.removingLastComponent()
            }
        }
        for directory in missing.reversed() {
            try note(directory, .directory)
            directories.append(directory)
        }
    }

    private mutating func note(_ path: FilePath, _ node: Node) throws(ImageError) {
        guard nodes.count < limits.nodes else { throw .invalidZip("it has more than \(limits.nodes) entries") }
        nodes[path] = node
    }

    /// The entry's place below the root: without `.`, doubled or trailing slashes.
    private static func path(of name: String) throws(ImageError) -> FilePath {
        guard !name.isEmpty else { throw .invalidZip("an entry has no name") }
        guard name.utf8.first != UInt8(ascii: "/") else { throw .pathEscape(entry: name) }
        guard name.utf8.count <= longestPath else { throw .invalidZip("an entry's name has \(name.utf8.count) bytes") }
        var path = FilePath()
        for part in name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: true) {
            let component = String(decoding: part, as: UTF8.self)
            switch component {
            case ".": continue
            case "..": throw .pathEscape(entry: name)
            default:
                guard part.count <= longestName, !part.contains(0) else {
                    throw .invalidZip("the entry name '\(component.prefix(80))' is not a possible file name")
                }
                path.append(component)
            }
        }
        return path
    }
}

extension ZipPlan {
    package static func == (left: ZipPlan, right: ZipPlan) -> Bool {
        left.directories == right.directories && left.files == right.files && left.links == right.links
    }
}
