internal import Basics
internal import Crypto

/// What an image, or a part of one, is called by its content: `sha256:` and 64 digits.
package struct ImageDigest: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// 64 digits in lower-case hexadecimal.
    package let hexadecimal: String

    private static let algorithm = "sha256:"

    /// Nil for what is no digest, or one by another algorithm.
    package init?(_ text: some StringProtocol) {
        guard text.hasPrefix(Self.algorithm) else { return nil }
        self.init(hexadecimal: text.dropFirst(Self.algorithm.count))
    }

    package init?(hexadecimal: some StringProtocol) {
        guard hexadecimal.utf8.count == 64,
            hexadecimal.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
        else { return nil }
        self.hexadecimal = String(hexadecimal)
    }

    package init(of content: [UInt8]) { self.init(SHA256.hash(data: content)) }

    init(_ hash: SHA256.Digest) { hexadecimal = Hexadecimal.text(hash) }

    package var description: String { Self.algorithm + hexadecimal }

    package static func < (one: ImageDigest, other: ImageDigest) -> Bool { one.hexadecimal < other.hexadecimal }
}

extension ImageDigest: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let digest = ImageDigest(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is no SHA-256 digest")
        }
        self = digest
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
