extension CodeReference {
    /// The digest in lowercase hexadecimal, as files are named by it; nil when `sha256` is not 32 bytes of base64.
    package var hexadecimalDigest: String? {
        let alphabet = Array("0123456789abcdef".utf8)
        guard let bytes = Self.decode(base64: sha256), bytes.count == 32 else { return nil }
        return String(decoding: bytes.flatMap { [alphabet[Int($0 >> 4)], alphabet[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// - Parameters:
    ///   - digest: the 32 bytes of a SHA-256.
    ///   - size: bytes of what was digested.
    package init(digest: [UInt8], size: Int) {
        self.init(sha256: Self.encode(base64: digest), size: size)
    }
}

// Written out because Foundation's coder accepts more than one spelling of the same bytes, and two spellings of one
// digest would be two names of one file.
extension CodeReference {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static func encode(base64 bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
            bits <<= 8
            for position in 0..<4 {
                if position <= group.count {
                    text.append(alphabet[Int(bits >> 26)])
                    bits <<= 6
                } else {
                    text.append(UInt8(ascii: "="))
                }
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func decode(base64 text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var held = 0
        for character in text.utf8.reversed().drop(while: { $0 == UInt8(ascii: "=") }).reversed() {
            guard let value = alphabet.firstIndex(of: character) else { return nil }
            bits = bits << 6 | UInt32(value)
            held += 6
            if held >= 8 {
                held -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(held)))
                bits &= (1 << UInt32(held)) - 1
            }
        }
        // Re-encoding refuses wrong padding and bits that stand for nothing.
        return encode(base64: bytes) == text ? bytes : nil
    }
}
