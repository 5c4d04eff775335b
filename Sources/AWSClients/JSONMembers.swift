internal import Foundation

/// AWS's JSON protocols name members as Swift does, but for the first letter.
enum JSONMembers {
    static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .custom { path in Key(path) { $0.uppercased() } }
        encoder.outputFormatting = [.withoutEscapingSlashes]
        return encoder
    }

    static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .custom { path in Key(path) { $0.lowercased() } }
        return decoder
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(_ path: [any CodingKey], _ changed: (Character) -> String) {
            let name = path.last?.stringValue ?? ""
            stringValue = (name.first.map(changed) ?? "") + name.dropFirst()
        }

        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
