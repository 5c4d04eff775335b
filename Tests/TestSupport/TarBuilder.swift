/// Writes tar archives byte by byte, so that every field can lie.
package struct TarBuilder {
    package struct Entry {
        package var name: String
        package var kind: Character
        package var content: [UInt8]
        package var target: String
        package var mode: Int
        package var owner: Int
        package var seconds: Int
        /// What is declared, where that is not the truth.
        package var declaredSize: Int?

        /// - Parameter kind: of ustar: `0` a file, `1` a hard link, `2` a symbolic link, `3` a device, `5` a directory, `6` a pipe.
        package init(
            _ name: String, _ content: String = "", kind: Character = "0", target: String = "", mode: Int? = nil,
            owner: Int = 0, seconds: Int = 1_700_000_000, declaredSize: Int? = nil
        ) {
            self.name = name
            self.kind = kind
            self.content = Array(content.utf8)
            self.target = target
            self.mode = mode ?? (kind == "5" ? 0o755 : 0o644)
            self.owner = owner
            self.seconds = seconds
            self.declaredSize = declaredSize
        }

        package static func directory(_ name: String, mode: Int = 0o755) -> Entry { Entry(name, kind: "5", mode: mode) }

        package static func link(_ name: String, to target: String) -> Entry { Entry(name, kind: "2", target: target) }

        package static func hardLink(_ name: String, to target: String) -> Entry {
            Entry(name, kind: "1", target: target)
        }
    }

    package static func archive(_ entries: [Entry]) -> [UInt8] {
        entries.flatMap(bytes) + [UInt8](repeating: 0, count: 1024)
    }

    private static func bytes(_ entry: Entry) -> [UInt8] {
        var bytes: [UInt8] = []
        // Names that are too long are the content of an entry before, as GNU tar has it.
        for (text, kind) in [(entry.name, "L"), (entry.target, "K")] where text.utf8.count > 99 {
            let content = Array(text.utf8) + [0]
            bytes += header("././@LongLink", Character(kind), size: content.count) + padded(content)
        }
        bytes += header(
            entry.name, entry.kind, size: entry.declaredSize ?? entry.content.count, target: entry.target,
            mode: entry.mode, owner: entry.owner, seconds: entry.seconds)
        return bytes + padded(entry.content)
    }

    /// A block of ustar.
    package static func header(
        _ name: String, _ kind: Character, size: Int, target: String = "", mode: Int = 0o644, owner: Int = 0,
        seconds: Int = 0
    ) -> [UInt8] {
        var block = field(name, 100) + octal(mode, 8) + octal(owner, 8) + octal(owner, 8)
        block += octal(size, 12) + octal(seconds, 12) + [UInt8](repeating: 32, count: 8)
        block += Array(String(kind).utf8) + field(target, 100) + Array("ustar".utf8) + [0] + Array("00".utf8)
        block += [UInt8](repeating: 0, count: 512 - block.count)
        let sum = block.reduce(0) { $0 + Int($1) }
        block.replaceSubrange(148..<156, with: octal(sum, 7) + [32])
        return block
    }

    private static func field(_ text: String, _ count: Int) -> [UInt8] {
        let bytes = Array(text.utf8.prefix(count - 1))
        return bytes + [UInt8](repeating: 0, count: count - bytes.count)
    }

    private static func octal(_ number: Int, _ count: Int) -> [UInt8] {
        let digits = String(number, radix: 8)
        return Array((String(repeating: "0", count: max(0, count - 1 - digits.count)) + digits).utf8) + [0]
    }

    package static func padded(_ content: [UInt8]) -> [UInt8] {
        content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    // MARK: - Compression

    /// RFC 1952, with blocks that are stored.
    package static func gzip(_ content: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]
        for start in stride(from: 0, to: content.count, by: 65_535) {
            let piece = content[start..<min(start + 65_535, content.count)]
            let size = UInt16(piece.count)
            bytes.append(start + piece.count == content.count ? 1 : 0)
            bytes += le(size) + le(~size) + piece
        }
        return bytes + le(ZipBuilder.crc32(content)) + le(UInt32(content.count))
    }

    /// RFC 8878, with blocks that are raw.
    package static func zstd(_ content: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd, 0xa0] + le(UInt32(content.count))
        for start in stride(from: 0, to: content.count, by: 65_536) {
            let piece = content[start..<min(start + 65_536, content.count)]
            let isLast: UInt32 = start + piece.count == content.count ? 1 : 0
            bytes += le(isLast | UInt32(piece.count) << 3).prefix(3) + piece
        }
        return bytes
    }

    private static func le(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian, Array.init)
    }
}
