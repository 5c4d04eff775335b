import LinuxKit
import SystemPackage

/// Numbers in the kernel's text files, found without making strings of what is around them.
enum ProcFile {
    /// The number that follows `key` at the start of a line; nil when there is no such line or file.
    static func number(after key: String, in path: FilePath) -> UInt64? {
        guard let bytes = try? SmallFile.bytes(path) else { return nil }
        let key = Array(key.utf8)
        for line in bytes.split(separator: UInt8(ascii: "\n")) where line.starts(with: key) {
            return decimal(line.dropFirst(key.count))
        }
        return nil
    }

    /// The numbers of a file that holds them with blanks between; none when it cannot be read.
    static func numbers(in path: FilePath) -> [UInt64] {
        ((try? SmallFile.bytes(path)) ?? []).split(separator: UInt8(ascii: " ")).map(decimal)
    }

    /// Decimal digits at the front, after blanks.
    private static func decimal(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        var value: UInt64 = 0
        for byte in bytes.drop(while: { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }) {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { break }
            value = value &* 10 &+ UInt64(byte - UInt8(ascii: "0"))
        }
        return value
    }
}
