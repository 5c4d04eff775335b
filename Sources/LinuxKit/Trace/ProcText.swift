import Glibc
package import SystemPackage

/// A text of /proc, read where it stands in its bytes.
package struct ProcText {
    package let bytes: [UInt8]

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package init(of path: String, limit: Int = 1 << 20) throws(Errno) {
        bytes = try SmallFile.bytes(FilePath(path), limit: limit)
    }

    /// Calls `body` with every line, without its end.
    package func forEachLine(_ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        bytes.withUnsafeBufferPointer { all in
            guard let base = all.baseAddress else { return }
            var position = 0
            while position < all.count {
                let end = memchr(base + position, 0x0A, all.count - position)
                    .map { UnsafeRawPointer($0) - UnsafeRawPointer(base) }
                body(UnsafeBufferPointer(rebasing: all[position..<(end ?? all.count)]))
                position = (end ?? all.count) + 1
            }
        }
    }

    /// What follows `key` and a colon, without blanks around it; nil when there is no such line.
    package func value(_ key: String) -> String? { values(key).first }

    package func values(_ key: String) -> [String] {
        var found: [String] = []
        forEachLine { line in
            if line.starts(with: key.utf8), line.count > key.utf8.count, line[key.utf8.count] == UInt8(ascii: ":") {
                found.append(String(decoding: LineScanner(line, at: key.utf8.count + 1).rest(), as: UTF8.self))
            }
        }
        return found
    }

    /// Of a file `limits`: soft and hard limit, in the order of the RLIMIT_ numbers. Names have blanks in them, and 25 places.
    package var resourceLimits: [(soft: UInt64, hard: UInt64)] {
        var found: [(soft: UInt64, hard: UInt64)] = []
        forEachLine { line in
            let words = String(decoding: line.dropFirst(25), as: UTF8.self).split(separator: " ")
            let values = words.prefix(2).map { $0 == "unlimited" ? UInt64.max : UInt64($0) }
            if values.count == 2, let soft = values[0], let hard = values[1] { found.append((soft, hard)) }
        }
        return found
    }

    /// Of a line `key:   123 kB`, as meminfo has them: in bytes.
    package func memory(_ key: String) -> UInt64? {
        value(key)?.split(separator: " ").first.flatMap { UInt64($0) }.map { $0 << 10 }
    }

    package func number(_ key: String, radix: Int = 10) -> UInt64? { value(key).flatMap { UInt64($0, radix: radix) } }
}

/// Takes a line of /proc apart from left to right.
package struct LineScanner {
    private let line: UnsafeBufferPointer<UInt8>
    private var position: Int

    package init(_ line: UnsafeBufferPointer<UInt8>, at position: Int = 0) {
        self.line = line
        self.position = position
    }

    package mutating func skipBlanks() {
        while position < line.count, line[position] == 0x20 || line[position] == 0x09 { position += 1 }
    }

    /// Goes past `byte`; false when it is not next.
    @discardableResult
    package mutating func skip(_ byte: Unicode.Scalar) -> Bool {
        guard position < line.count, line[position] == UInt8(ascii: byte) else { return false }
        position += 1
        return true
    }

    /// A number of base 8, 10 or 16 that starts here; 0 when none does.
    package mutating func number(radix: UInt64 = 10) -> UInt64 {
        var value: UInt64 = 0
        while position < line.count, let digit = Self.digit(line[position]), digit < radix {
            value = value &* radix &+ digit
            position += 1
        }
        return value
    }

    /// The bytes up to the next blank.
    package mutating func word() -> UnsafeBufferPointer<UInt8> {
        skipBlanks()
        let start = position
        while position < line.count, line[position] != 0x20, line[position] != 0x09 { position += 1 }
        return UnsafeBufferPointer(rebasing: line[start..<position])
    }

    /// What is left, without blanks around it.
    package func rest() -> UnsafeBufferPointer<UInt8> {
        var copy = self
        copy.skipBlanks()
        var end = line.count
        while end > copy.position, line[end - 1] == 0x20 || line[end - 1] == 0x09 { end -= 1 }
        return UnsafeBufferPointer(rebasing: line[copy.position..<end])
    }

    private static func digit(_ byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
        default: nil
        }
    }
}
