import CProcessImage
import Glibc

/// The files that a clone has for itself.
extension StateCheck {
    func checkFiles() throws(ProcessImageError) {
        var extent: UInt64 = 0
        for (index, node) in nodes.enumerated() {
            let name = "node \(index)"
            try checkScratchPath(at: node.path, name)
            try checkScratchPath(at: node.place, name)
            try StateReader.require(
                node.mode & ~UInt32(S_IFMT | 0o7777) == 0 && Self.kinds.contains(node.mode & UInt32(S_IFMT)),
                "\(name) has the mode \(hex(UInt64(node.mode)))")
            try StateReader.require(node.gap <= ImageLimit.gap, "\(name) comes after \(node.gap) others")
            try StateReader.require(
                [node.accessed, node.modified].allSatisfy { 0..<1 << 62 ~= $0 }, "\(name) has an impossible time")
            let isFile = node.mode & UInt32(S_IFMT) == UInt32(S_IFREG)
            try StateReader.require(
                isFile || node.size == 0 && node.extents == 0, "\(name) is no file and yet has content")
            if node.mode & UInt32(S_IFMT) == UInt32(S_IFLNK) { try bytes.checkText(at: node.target, name) }
            try checkContent(node.first_extent, node.extents, of: node.size, &extent, name)
        }
        for (index, entry) in names.enumerated() {
            try checkScratchPath(at: entry.from, "name \(index)")
            try checkScratchPath(at: entry.to, "name \(index)")
        }
        for (index, object) in objects.enumerated() { try check(object, &extent, "object \(index)") }
        try StateReader.require(extent == UInt64(extents.count), "there are extents of no file")
    }

    private static let kinds = [S_IFREG, S_IFDIR, S_IFLNK, S_IFIFO, S_IFSOCK].map { UInt32($0) }
    /// F_SEAL_SEAL, _SHRINK, _GROW and _EXEC.
    private static let seals: UInt32 = 0x27

    private func check(_ object: thaw_object, _ extent: inout UInt64, _ name: String) throws(ProcessImageError) {
        let isMemory = object.kind == THAW_OBJECT_MEMORY.rawValue
        try StateReader.require(
            isMemory || object.kind == THAW_OBJECT_FILE.rawValue, "\(name) is of the unknown kind \(object.kind)")
        try StateReader.require(
            object.permissions <= 0o7777, "\(name) has the permissions \(hex(UInt64(object.permissions)))")
        try StateReader.require(
            object.seals & ~(isMemory ? Self.seals : 0) == 0, "\(name) has the seals \(hex(UInt64(object.seals)))")
        if isMemory { try bytes.checkText(at: object.name, name) }
        try checkContent(object.first_extent, object.extents, of: object.size, &extent, name)
    }

    private func checkContent(
        _ first: UInt64, _ count: UInt64, of size: UInt64, _ next: inout UInt64, _ name: String
    ) throws(ProcessImageError) {
        try StateReader.require(size <= ImageLimit.fileSize, "\(name) has \(size) bytes")
        guard count > 0 else { return }
        try StateReader.require(
            first == next && count <= UInt64(extents.count) - next, "\(name) does not have its own extents")
        next += count
        var end: UInt64 = 0
        for extent in extents[Int(first)..<Int(first + count)] {
            let (past, overflow) = extent.offset.addingReportingOverflow(extent.size)
            try StateReader.require(
                extent.size > 0 && extent.offset >= end && !overflow && past <= size,
                "\(name) has an extent that is not inside it")
            end = past
            _ = try bytes.blob(at: extent.content, extent.size, name)
        }
    }

    private func checkScratchPath(at place: UInt64, _ name: String) throws(ProcessImageError) {
        try bytes.checkPath(at: place, name)
        let prefix = Array((ScratchTree.place + "/").utf8)
        let start = try bytes.blob(at: place, UInt64(prefix.count), name)
        try StateReader.require(start.elementsEqual(prefix), "the path of \(name) does not lead into /tmp")
    }

    func checkLocks() throws(ProcessImageError) {
        let open = Set(descriptors.map(\.number))
        for lock in locks {
            let (end, overflow) = lock.start.addingReportingOverflow(lock.length)
            try StateReader.require(
                open.contains(lock.number) && 1...3 ~= lock.kind && lock.is_exclusive <= 1 && !overflow
                    && end < 1 << 63, "fd \(lock.number) has an impossible lock")
        }
    }
}
