internal import LinuxKit
internal import SystemPackage

/// A file that every root has, whatever its image has there.
package struct PlacedFile: Sendable, Hashable {
    /// Absolute, of at most 99 characters.
    package var path: String
    package var content: String

    package init(path: String, content: String) {
        self.path = path
        self.content = content
    }
}

extension PlacedFile {
    /// A layer of them, to be laid over an image's own: tar(5), "POSIX ustar Archives".
    static func layer(_ files: [PlacedFile]) throws(Errno) -> SharedDescriptor {
        let file = try OwnedDescriptor.memoryFile(named: "thaw-layer")
        var archive: [UInt8] = []
        for each in files { archive += each.entry }
        try file.writeAll(archive + [UInt8](repeating: 0, count: 1024))
        return try file.withRaw { raw throws(Errno) in
            // One of its own, at the beginning.
            try OwnedDescriptor.open(FilePath("/proc/self/fd/\(raw)"), .readOnly)
        }.shared()
    }

    private var entry: [UInt8] {
        let bytes = Array(content.utf8)
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at offset: Int) {
            for (index, byte) in text.utf8.enumerated() { header[offset + index] = byte }
        }
        put(String(path.drop { $0 == "/" }.prefix(99)), at: 0)
        put("0000644", at: 100)
        put("0000000", at: 108)
        put("0000000", at: 116)
        put(Self.octal(bytes.count), at: 124)
        put(Self.octal(0), at: 136)
        put("        0", at: 148)
        put("ustar\u{0}00", at: 257)
        let sum = header.reduce(0) { $0 + Int($1) }
        put(String(Self.octal(sum).suffix(6)) + "\u{0} ", at: 148)
        let padding = (512 - bytes.count % 512) % 512
        return header + bytes + [UInt8](repeating: 0, count: padding)
    }

    /// Eleven digits.
    private static func octal(_ number: Int) -> String {
        let digits = String(number, radix: 8)
        return String(repeating: "0", count: max(0, 11 - digits.utf8.count)) + digits
    }
}
