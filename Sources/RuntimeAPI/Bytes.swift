internal import Glibc

/// A stretch of memory compared with literals byte for byte: no strings, no hashing, no allocation.
///
/// The Runtime API runs in a guest whose processor may be emulated with an empty translation cache, so every code path it
/// takes on the way of an invocation is paid for.
struct Bytes {
    private let base: UnsafePointer<UInt8>?
    let count: Int

    init(_ buffer: UnsafeBufferPointer<UInt8>) {
        base = buffer.baseAddress
        count = buffer.count
    }

    private init(base: UnsafePointer<UInt8>?, count: Int) {
        self.base = base
        self.count = count
    }

    func equals(_ literal: StaticString) -> Bool {
        count == literal.utf8CodeUnitCount && hasPrefix(literal)
    }

    func hasPrefix(_ literal: StaticString) -> Bool {
        let length = literal.utf8CodeUnitCount
        guard count >= length, let base else { return length == 0 }
        return memcmp(base, literal.utf8Start, length) == 0
    }

    /// Compares with a literal in lower case, ignoring the case of ASCII letters here.
    func equalsIgnoringCase(_ literal: StaticString) -> Bool {
        guard count == literal.utf8CodeUnitCount, let base else { return count == literal.utf8CodeUnitCount }
        let expected = literal.utf8Start
        for index in 0..<count where lowercased(base[index]) != expected[index] { return false }
        return true
    }

    /// Drops `literal` from the front; false, and nothing changed, when it is not there.
    mutating func drop(_ literal: StaticString) -> Bool {
        guard hasPrefix(literal) else { return false }
        self = dropFirst(literal.utf8CodeUnitCount)
        return true
    }

    func prefix(_ length: Int) -> Bytes { Bytes(base: base, count: min(length, count)) }

    func dropFirst(_ length: Int) -> Bytes {
        let dropped = min(length, count)
        return Bytes(base: base.map { $0 + dropped }, count: count - dropped)
    }

    func firstIndex(of byte: UInt8) -> Int? {
        guard let base else { return nil }
        for index in 0..<count where base[index] == byte { return index }
        return nil
    }

    subscript(index: Int) -> UInt8 {
        precondition(index >= 0 && index < count)
        return base.map { $0[index] } ?? 0
    }

    /// Without spaces and tabs at both ends.
    func trimmed() -> Bytes {
        var result = self
        while result.count > 0, isBlank(result[0]) { result = result.dropFirst(1) }
        while result.count > 0, isBlank(result[result.count - 1]) { result = result.prefix(result.count - 1) }
        return result
    }

    func copy() -> [UInt8] { Array(UnsafeBufferPointer(start: base, count: count)) }

    private func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
}

@inline(__always)
private func lowercased(_ byte: UInt8) -> UInt8 {
    byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
}

extension [UInt8] {
    mutating func append(_ literal: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }

    /// Appends a number in decimal.
    mutating func append(decimal value: some BinaryInteger) {
        var rest = UInt64(value)
        let start = count
        repeat {
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        self[start...].reverse()
    }

    func equals(_ other: [UInt8]) -> Bool {
        count == other.count && withUnsafeBytes { own in other.withUnsafeBytes { own.elementsEqual($0) } }
    }
}
