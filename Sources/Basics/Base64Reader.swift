/// Decodes base64 (RFC 4648, section 4) that arrives in pieces. As ``Base64/decode(_:)``, it takes whole groups of the standard
/// alphabet with padding, and nothing else.
package struct Base64Reader: Sendable {
    /// The text is no base64.
    package struct Defect: Error {}

    private var group: UInt32 = 0
    /// Characters of the group that have arrived, and how many of them were padding.
    private var count = 0
    private var padding = 0
    private var isOver = false

    package init() {}

    /// Appends what the next characters stand for.
    package mutating func read(_ text: UnsafeRawBufferPointer, into bytes: inout [UInt8]) throws(Defect) {
        var index = 0
        while index < text.count {
            if count == 0, !isOver {
                index += Self.readGroups(UnsafeRawBufferPointer(rebasing: text[index...]), into: &bytes)
                guard index < text.count else { return }
            }
            try add(text[index], into: &bytes)
            index += 1
        }
    }

    /// Call it after the last piece.
    package func finish() throws(Defect) {
        if count != 0 { throw Defect() }
    }

    private mutating func add(_ character: UInt8, into bytes: inout [UInt8]) throws(Defect) {
        guard !isOver else { throw Defect() }
        if character == UInt8(ascii: "=") {
            guard count >= 2 else { throw Defect() }
            padding += 1
            group <<= 6
        } else {
            let value = Self.values[Int(character)]
            guard value < 64, padding == 0 else { throw Defect() }
            group = group << 6 | value
        }
        count += 1
        guard count == 4 else { return }
        for shift in [16, 8, 0].prefix(3 - padding) { bytes.append(UInt8(truncatingIfNeeded: group >> UInt32(shift))) }
        isOver = padding > 0
        (group, count, padding) = (0, 0, 0)
    }

    /// Appends what the whole groups at the beginning stand for, up to the first with another character than the alphabet's.
    /// - Returns: how many characters that were.
    private static func readGroups(_ text: UnsafeRawBufferPointer, into bytes: inout [UInt8]) -> Int {
        let (start, most) = (bytes.count, text.count / 4)
        bytes.append(contentsOf: repeatElement(0, count: 3 * most))
        let done = values.withUnsafeBufferPointer { values in
            bytes.withUnsafeMutableBytes { bytes in
                var (group, to) = (0, start)
                while group < most {
                    let from = 4 * group
                    let (a, b) = (values[Int(text[from])], values[Int(text[from + 1])])
                    let (c, d) = (values[Int(text[from + 2])], values[Int(text[from + 3])])
                    guard (a | b | c | d) & 64 == 0 else { break }
                    let word = a << 18 | b << 12 | c << 6 | d
                    bytes[to] = UInt8(truncatingIfNeeded: word >> 16)
                    bytes[to + 1] = UInt8(truncatingIfNeeded: word >> 8)
                    bytes[to + 2] = UInt8(truncatingIfNeeded: word)
                    (group, to) = (group + 1, to + 3)
                }
                return group
            }
        }
        bytes.removeLast(3 * (most - done))
        return 4 * done
    }

    /// What each character stands for; 64 for those that stand for nothing.
    private static let values: [UInt32] = {
        var values = [UInt32](repeating: 64, count: 256)
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        for (value, character) in alphabet.utf8.enumerated() { values[Int(character)] = UInt32(value) }
        return values
    }()
}
