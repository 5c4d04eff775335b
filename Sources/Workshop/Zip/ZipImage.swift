import Glibc
internal import LinuxKit
internal import SystemPackage

/// Makes the image of a function's code from its archive, without unpacking it anywhere.
///
/// Directories get 0755, files 0644 or 0755; all is root's and of one time, so that the same files give the same bytes in
/// whatever order they were packed.
struct ZipImage {
    /// 1980-01-02, the first whole day that an archive can express in any time zone: user code may pack what it finds.
    private static let seconds: Int64 = 315_619_200
    static let identifier: [UInt8] = [0, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 0]

    let plan: ZipPlan
    let writer: ImageWriter

    /// - Returns: the bytes of the image.
    static func write(
        _ archive: borrowing ZipArchive, limits: ZipLimits, to output: SharedDescriptor, limit: Int
    ) throws(WorkshopError) -> Int {
        let plan = try archive.plan(limits: limits)
        let image = ZipImage(
            plan: plan, writer: ImageWriter(output, limit: limit, root: attributes(S_IFDIR | 0o755)))
        try image.write(archive)
        return try image.writer.finish(identifier: identifier)
    }

    static func attributes(_ mode: mode_t) -> ImageNode.Attributes {
        ImageNode.Attributes(mode: UInt16(truncatingIfNeeded: mode), seconds: seconds)
    }

    /// Depth first, in the order of names.
    private func write(_ archive: borrowing ZipArchive) throws(WorkshopError) {
        var pending = sorted(0).map { (node: $0, parent: ImageWriter.root) }
        while let next = pending.popLast() {
            let made = try write(next.node, in: next.parent, of: archive)
            pending += sorted(next.node).map { ($0, made) }
        }
    }

    /// Writes one node of the plan, without what is in it.
    /// - Returns: its number in the image.
    @discardableResult
    func write(_ number: Int, in parent: Int, of archive: borrowing ZipArchive) throws(WorkshopError) -> Int {
        let node = plan.nodes[number]
        switch node.content {
        case .directory:
            let mode = S_IFDIR | mode_t(node.permissions)
            return writer.add(node.name, in: parent, Self.attributes(mode), .directory)
        case .file(let index, let size, let permissions):
            let content = try content(index, size, of: archive)
            return writer.add(node.name, in: parent, Self.attributes(S_IFREG | mode_t(permissions)), content)
        case .link(let index, let size):
            let content = try target(index, size, of: archive, name: number)
            return writer.add(node.name, in: parent, Self.attributes(S_IFLNK | 0o777), content)
        }
    }

    /// What is in a directory, last name first.
    private func sorted(_ node: Int) -> [Int] {
        guard case .directory(let children) = plan.nodes[node].content else { return [] }
        return children.sorted { $1.key.lexicographicallyPrecedes($0.key) }.map(\.value)
    }

    private func content(
        _ index: UInt64, _ size: Int, of archive: borrowing ZipArchive
    ) throws(WorkshopError) -> ImageNode.Content {
        writer.beginFile()
        try archive.read(index, size: size) { piece throws(WorkshopError) in try writer.append(piece) }
        return try writer.endFile()
    }

    private func target(
        _ index: UInt64, _ size: Int, of archive: borrowing ZipArchive, name: Int
    ) throws(WorkshopError) -> ImageNode.Content {
        var bytes: [UInt8] = []
        try archive.read(index, size: size) { piece throws(WorkshopError) in bytes += piece }
        guard !bytes.isEmpty, !bytes.contains(0), String(validating: bytes, as: UTF8.self) != nil else {
            throw .invalidZip("the symbolic link '\(plan.path(of: name))' has no usable target")
        }
        writer.beginFile()
        try writer.append(bytes)
        return try writer.endFile()
    }
}
