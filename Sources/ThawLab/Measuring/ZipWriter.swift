/// Writes a zip archive of a few small files, uncompressed: APPNOTE.TXT 4.3, without zip64.
struct ZipWriter {
    private var content: [UInt8] = []
    private var directory: [UInt8] = []
    private var count: UInt16 = 0

    mutating func add(_ name: String, _ bytes: [UInt8]) {
        let offset = UInt32(content.count)
        var common: [UInt8] = []
        common.put(UInt16(20))  // Version needed.
        common.put(UInt16(0))
        common.put(UInt16(0))  // Stored.
        common.put(UInt32(0x0021_0000))  // 1980-01-01 00:00.
        common.put(Self.checksum(bytes))
        common.put(UInt32(bytes.count))
        common.put(UInt32(bytes.count))
        common.put(UInt16(name.utf8.count))
        common.put(UInt16(0))
        content.put(UInt32(0x0403_4b50))
        content += common + Array(name.utf8) + bytes
        directory.put(UInt32(0x0201_4b50))
        directory.put(UInt16(3 << 8 | 20))  // Made on Unix.
        directory += common
        directory.put(UInt16(0))
        directory.put(UInt16(0))
        directory.put(UInt16(0))
        directory.put(UInt32(0o100644 << 16))
        directory.put(offset)
        directory += Array(name.utf8)
        count += 1
    }

    var archive: [UInt8] {
        var bytes = content + directory
        bytes.put(UInt32(0x0605_4b50))
        bytes.put(UInt32(0))
        bytes.put(count)
        bytes.put(count)
        bytes.put(UInt32(directory.count))
        bytes.put(UInt32(content.count))
        bytes.put(UInt16(0))
        return bytes
    }

    /// CRC-32 as in ISO 3309.
    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in sum >> 1 ^ (sum & 1 == 1 ? 0xedb8_8320 : 0) }
        }
    }
}

extension [UInt8] {
    fileprivate mutating func put(_ value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}
