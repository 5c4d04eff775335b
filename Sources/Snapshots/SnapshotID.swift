/// The name of a snapshot and of its directory: `snap-` and 16 lower-case hex digits, chosen at random.
package struct SnapshotID: Sendable, Hashable, Codable, CustomStringConvertible {
    package let description: String

    package static func random() -> SnapshotID {
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        return SnapshotID(unchecked: "snap-" + String(repeating: "0", count: 16 - digits.count) + digits)
    }

    /// The identifier `text` spells, or nil when it is none: a parsed identifier is safe as a file name.
    package init?(_ text: String) {
        let digits = text.utf8.dropFirst(5)
        guard text.hasPrefix("snap-"), digits.count == 16 else { return nil }
        guard digits.allSatisfy({ HexDigits.lowercase.contains($0) }) else { return nil }
        self.init(unchecked: text)
    }

    private init(unchecked text: String) { description = text }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let id = SnapshotID(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not a snapshot identifier"))
        }
        self = id
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

enum HexDigits {
    static let lowercase = Array("0123456789abcdef".utf8)

    static func string(_ bytes: some Sequence<UInt8>) -> String {
        String(decoding: bytes.flatMap { [lowercase[Int($0 >> 4)], lowercase[Int($0 & 15)]] }, as: UTF8.self)
    }
}
