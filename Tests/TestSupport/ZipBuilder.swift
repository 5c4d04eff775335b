/// Writes archives byte by byte, so that every field can lie.
package struct ZipBuilder {
    package struct Entry {
        var name: [UInt8]
        /// As stored: compressed if `method` says so.
        var content: [UInt8] = []
        var mode: UInt32? = 0o100644
        var method: UInt16 = 0
        var flags: UInt16 = 0x800
        /// What is declared, where that is not the truth.
        var declaredSize: UInt32?
        var checksum: UInt32?

        package init(
            _ name: String, _ content: String = "", mode: UInt32? = 0o100644, method: UInt16 = 0, flags: UInt16 = 0x800,
            declaredSize: UInt32? = nil, checksum: UInt32? = nil, packed: [UInt8]? = nil
        ) {
            self.name = Array(name.utf8)
            self.content = packed ?? Array(content.utf8)
            self.mode = mode
            self.method = method
            self.flags = flags
            self.declaredSize = declaredSize
            self.checksum = checksum
        }
    }

    package static func archive(_ entries: [Entry]) -> [UInt8] {
        var bytes: [UInt8] = []
        var directory: [UInt8] = []
        for entry in entries {
            let offset = UInt32(bytes.count)
            let size = entry.declaredSize ?? UInt32(entry.content.count)
            let checksum = entry.checksum ?? crc32(entry.content)
            // Version, flags, method, time, date, checksum, packed and unpacked size, lengths of name and extra field.
            let common =
                le(UInt16(20)) + le(entry.flags) + le(entry.method) + le(UInt32(0x21_0000)) + le(checksum)
                + le(UInt32(entry.content.count)) + le(size) + le(UInt16(entry.name.count)) + le(UInt16(0))
            bytes += [0x50, 0x4b, 3, 4] + common + entry.name + entry.content
            let system: UInt16 = entry.mode == nil ? 0 : 3
            directory += [0x50, 0x4b, 1, 2] + le(UInt16(20) | system << 8) + common
            directory +=
                le(UInt16(0)) + le(UInt16(0)) + le(UInt16(0)) + le((entry.mode ?? 0) << 16) + le(offset) + entry.name
        }
        let count = UInt16(truncatingIfNeeded: entries.count)
        let end = le(UInt32(directory.count)) + le(UInt32(bytes.count)) + le(UInt16(0))
        return bytes + directory + [0x50, 0x4b, 5, 6, 0, 0, 0, 0] + le(count) + le(count) + end
    }

    private static func le(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian, Array.init)
    }

    package static func crc32(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(UInt32.max) { register, byte in
            (0..<8).reduce(register ^ UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xedb8_8320 : value >> 1
            }
        }
    }
}
