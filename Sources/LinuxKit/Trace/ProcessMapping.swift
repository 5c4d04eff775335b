import Glibc
package import SystemPackage

/// A line of proc_pid_maps(5): `start-end perms offset dev inode path`. Those of /proc/PID/smaps begin so too.
package struct ProcessMapping: Sendable {
    package let range: Range<UInt64>
    /// PROT_READ, PROT_WRITE and PROT_EXEC of mmap(2).
    package let protection: UInt32
    package let isShared: Bool
    package let fileOffset: UInt64
    /// 0: no file.
    package let inode: UInt64
    /// A path, `[heap]` and the like, or nothing.
    package let name: String

    package var isReadable: Bool { protection & UInt32(PROT_READ) != 0 }
    package var isWritable: Bool { protection & UInt32(PROT_WRITE) != 0 }

    /// All of a process, ascending. Blocks.
    package static func all(of pid: CInt) throws(Errno) -> [ProcessMapping] {
        var mappings: [ProcessMapping] = []
        // 100 bytes each, and at most 64 Ki by default.
        try ProcText(of: "/proc/\(pid)/maps", limit: 16 << 20).forEachLine { line in
            if let mapping = ProcessMapping(line) { mappings.append(mapping) }
        }
        return mappings
    }

    /// Nil for a line of another form.
    package init?(_ line: UnsafeBufferPointer<UInt8>) {
        var scanner = LineScanner(line)
        let start = scanner.number(radix: 16)
        guard scanner.skip("-") else { return nil }
        let end = scanner.number(radix: 16)
        guard start < end else { return nil }
        range = start..<end
        let permissions = scanner.word()
        guard permissions.count == 4 else { return nil }
        var protection: UInt32 = 0
        for (index, bit) in [PROT_READ, PROT_WRITE, PROT_EXEC].enumerated()
        where permissions[index] != UInt8(ascii: "-") {
            protection |= UInt32(bit)
        }
        self.protection = protection
        isShared = permissions[3] == UInt8(ascii: "s")
        scanner.skipBlanks()
        fileOffset = scanner.number(radix: 16)
        _ = scanner.word()
        scanner.skipBlanks()
        inode = scanner.number()
        name = Self.unescaped(scanner.rest())
    }

    /// The kernel writes a newline in a name as `\012`.
    private static func unescaped(_ name: UnsafeBufferPointer<UInt8>) -> String {
        let text = String(decoding: name, as: UTF8.self)
        guard text.contains("\\012") else { return text }
        return text.split(separator: "\\012", omittingEmptySubsequences: false).joined(separator: "\n")
    }
}
