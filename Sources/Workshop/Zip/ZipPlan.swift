package import SystemPackage

/// What unpacking an archive will make, decided from its directory alone before anything is read.
///
/// Every path is relative, free of `..`, and has only directories of the plan above it, never a link. The cost is linear in the
/// bytes of the names.
package struct ZipPlan: Sendable {
    package struct File: Sendable, Equatable {
        var index: UInt64
        package var path: FilePath
        var size: Int
        /// Who may read, write and execute it.
        var permissions: UInt16

        package init(index: UInt64, path: FilePath, size: Int, permissions: UInt16) {
            self.index = index
            self.path = path
            self.size = size
            self.permissions = permissions
        }
    }

    /// A symbolic link; its target is the entry's content. Links are stored, never followed here.
    package struct Link: Sendable, Equatable {
        var index: UInt64
        package var path: FilePath
        var size: Int

        package init(index: UInt64, path: FilePath, size: Int) {
            self.index = index
            self.path = path
            self.size = size
        }
    }

    /// By its bytes: two names that only look alike are two names.
    typealias Name = [UInt8]

    enum Content: Sendable {
        /// What is in it, by number in ``nodes``.
        case directory([Name: Int])
        case file(index: UInt64, size: Int, permissions: UInt16)
        case link(index: UInt64, size: Int)
    }

    struct Node: Sendable {
        var name: Name
        var parent: Int
        var content: Content
        /// Of a directory.
        var permissions: UInt16 = 0o755
    }

    /// The first is the root; a parent comes before what is in it.
    private(set) var nodes = [Node(name: [], parent: 0, content: .directory([:]))]
    /// Sum of the declared sizes.
    package private(set) var size = 0
    private let limits: ZipLimits

    /// Half of PATH_MAX: leaves room for the directory that it is mounted at.
    private static let longestPath = 2048
    /// NAME_MAX.
    private static let longestName = 255
    private static let root = 0

    package init(_ entries: some Sequence<ZipEntry>, limits: ZipLimits) throws(WorkshopError) {
        self.limits = limits
        for entry in entries { try add(entry) }
    }

    private mutating func add(_ entry: ZipEntry) throws(WorkshopError) {
        guard !entry.isEncrypted else { throw .invalidZip("the entry '\(entry.name)' is encrypted") }
        var names = try ZipPlan.names(in: entry.name)
        let type = entry.unixMode.map { $0 & 0o170000 } ?? 0
        if entry.name.utf8.last == UInt8(ascii: "/") || type == 0o040000 {
            nodes[try directory(names)].permissions = ZipPlan.permissions(entry, usually: 0o755)
            return
        }
        guard let name = names.popLast() else { throw .invalidZip("an entry has no name") }
        guard entry.size <= UInt64(limits.unzippedBytes - size) else {
            throw .unzipsTooLarge(limitBytes: limits.unzippedBytes)
        }
        size += Int(entry.size)
        let parent = try directory(names)
        guard child(name, of: parent) == nil else { throw .invalidZip("the entry '\(entry.name)' is there twice") }
        let content: Content
        switch type {
        case 0o120000:
            guard entry.size > 0, entry.size <= ZipPlan.longestPath else {
                throw .invalidZip("the symbolic link '\(entry.name)' has a target of \(entry.size) bytes")
            }
            content = .link(index: entry.index, size: Int(entry.size))
        case 0, 0o100000:
            content = .file(
                index: entry.index, size: Int(entry.size), permissions: ZipPlan.permissions(entry, usually: 0o644))
        default:
            throw .invalidZip("the entry '\(entry.name)' is a device, pipe or socket")
        }
        try add(name, to: parent, content)
    }

    /// As the archive has them, so that what only its owner may read is as unreadable as on AWS: files are root's, functions are
    /// not. An archive that tells none, or nothing at all for anybody, gets the usual ones.
    private static func permissions(_ entry: ZipEntry, usually usual: UInt16) -> UInt16 {
        let told = UInt16((entry.unixMode ?? 0) & 0o777)
        return told == 0 ? usual : told
    }

    /// The directory of this path, made with those above it where they are not there yet.
    private mutating func directory(_ names: [Name]) throws(WorkshopError) -> Int {
        var current = ZipPlan.root
        for name in names {
            if let known = child(name, of: current) {
                guard case .directory = nodes[known].content else {
                    throw .invalidZip("'\(path(of: known))' is both a file and a directory")
                }
                current = known
            } else {
                current = try add(name, to: current, .directory([:]))
            }
        }
        return current
    }

    private func child(_ name: Name, of parent: Int) -> Int? {
        if case .directory(let children) = nodes[parent].content { children[name] } else { nil }
    }

    @discardableResult
    private mutating func add(_ name: Name, to parent: Int, _ content: Content) throws(WorkshopError) -> Int {
        guard nodes.count <= limits.nodes else { throw .invalidZip("it has more than \(limits.nodes) entries") }
        guard case .directory(var children) = nodes[parent].content else {
            throw .invalidZip("'\(path(of: parent))' is both a file and a directory")
        }
        // Taken out for the change: one holder, no copy.
        nodes[parent].content = .directory([:])
        children[name] = nodes.count
        nodes[parent].content = .directory(children)
        nodes.append(Node(name: name, parent: parent, content: content))
        return nodes.count - 1
    }

    /// The entry's place below the root: without `.`, doubled or trailing slashes.
    private static func names(in path: String) throws(WorkshopError) -> [Name] {
        guard !path.isEmpty else { throw .invalidZip("an entry has no name") }
        guard path.utf8.first != UInt8(ascii: "/") else { throw .pathEscape(entry: path) }
        guard path.utf8.count <= longestPath else { throw .invalidZip("an entry's name has \(path.utf8.count) bytes") }
        var names: [Name] = []
        for part in path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: true) {
            switch part.count {
            case 1 where part.elementsEqual(".".utf8): continue
            case 2 where part.elementsEqual("..".utf8): throw .pathEscape(entry: path)
            default:
                guard part.count <= longestName, !part.contains(0) else {
                    let name = String(decoding: part.prefix(80), as: UTF8.self)
                    throw .invalidZip("the entry name '\(name)' is not a possible file name")
                }
                names.append(Name(part))
            }
        }
        return names
    }
}

extension ZipPlan {
    /// Parents before children.
    package var directories: [FilePath] {
        nodes.indices.dropFirst().compactMap { if case .directory = nodes[$0].content { path(of: $0) } else { nil } }
    }

    package var files: [File] {
        nodes.indices.compactMap {
            guard case .file(let index, let size, let permissions) = nodes[$0].content else { return nil }
            return File(index: index, path: path(of: $0), size: size, permissions: permissions)
        }
    }

    package var links: [Link] {
        nodes.indices.compactMap {
            guard case .link(let index, let size) = nodes[$0].content else { return nil }
            return Link(index: index, path: path(of: $0), size: size)
        }
    }

    func path(of node: Int) -> FilePath {
        var names: [Name] = []
        var current = node
        while current != ZipPlan.root {
            names.append(nodes[current].name)
            current = nodes[current].parent
        }
        return FilePath(String(decoding: Array(names.reversed().joined(separator: "/".utf8)), as: UTF8.self))
    }
}
