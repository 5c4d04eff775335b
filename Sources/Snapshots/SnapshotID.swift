internal import Basics

/// The name of a snapshot and of its directory: `snap-` and 16 lower-case hex digits, chosen at random.
package struct SnapshotID: Sendable, Hashable, Codable, CustomStringConvertible {
    package let description: String

    package static func random() -> SnapshotID {
        SnapshotID(unchecked: "snap-" + Hexadecimal.text(of: UInt64.random(in: .min ... .max)))
    }

    /// The identifier `text` spells, or nil when it is none: a parsed identifier is safe as a file name.
    package init?(_ text: String) {
        guard text.hasPrefix("snap-"), Hexadecimal.isText(text.dropFirst(5), count: 16) else { return nil }
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
