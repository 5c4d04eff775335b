internal import Basics

/// Writes the small JSON texts that payloads, log lines and spans are, members in the order given.
package enum JSONText {
    package enum Value: Sendable {
        case string(String)
        case integer(Int64)
        case number(Double)
        case bool(Bool)
        case list([Value])
        case object([(name: String, value: Value)])
    }

    package static func object(_ members: KeyValuePairs<String, String>) -> [UInt8] {
        object(members.map { ($0.key, .string($0.value)) })
    }

    package static func object(_ members: [(name: String, value: Value)]) -> [UInt8] {
        var text: [UInt8] = []
        append(.object(members), to: &text)
        return text
    }

    package static func append(_ value: Value, to text: inout [UInt8]) {
        switch value {
        case .string(let string): append(string, to: &text)
        case .integer(let integer): text.append(contentsOf: "\(integer)".utf8)
        // JSON has no word for what is not a number.
        case .number(let number): text.append(contentsOf: (number.isFinite ? "\(number)" : "null").utf8)
        case .bool(let bool): text.append(contentsOf: (bool ? "true" : "false").utf8)
        case .list(let items):
            text.append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                append(item, to: &text)
            }
            text.append(UInt8(ascii: "]"))
        case .object(let members):
            text.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                append(member.name, to: &text)
                text.append(UInt8(ascii: ":"))
                append(member.value, to: &text)
            }
            text.append(UInt8(ascii: "}"))
        }
    }

    private static func append(_ string: String, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "\""))
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): text.append(contentsOf: [UInt8(ascii: "\\"), byte])
            case UInt8(ascii: "\n"): text.append(contentsOf: "\\n".utf8)
            case 0..<0x20:
                text.append(contentsOf: "\\u00".utf8)
                text.append(contentsOf: [Hexadecimal.digit(byte >> 4), Hexadecimal.digit(byte)])
            default: text.append(byte)
            }
        }
        text.append(UInt8(ascii: "\""))
    }
}
