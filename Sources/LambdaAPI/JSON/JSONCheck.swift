/// Checks in one pass that bytes are a JSON text (RFC 8259), without building anything from them.
///
/// An invocation's payload goes to the function byte for byte, so all the API has to know is whether it is JSON. There is
/// no bound on depth: nesting costs one byte a level here, and nothing recurses.
package enum JSONCheck {
    /// Where the bytes stop being JSON, and why; ``JSONDiagnosis`` has the words for clients.
    package struct Defect: Error, Equatable {
        package var reason: String
        package var offset: Int
    }

    /// What may come next.
    private enum Expected {
        case value
        /// After `[`.
        case valueOrEnd
        /// After `{`.
        case keyOrEnd
        /// After `,` in an object.
        case key
        /// After a value in a list or an object.
        case commaOrEnd
        /// After the one outermost value.
        case nothing
    }

    package static func check(_ bytes: [UInt8]) throws(Defect) {
        let text = bytes.span
        var position = 0
        var expected = Expected.value
        var openObjects: [Bool] = []  // the open lists and objects, outermost first: true for an object
        var sawNonASCII = false

        while true {
            skipSpace(text, &position)
            guard position < text.count else { break }
            let byte = text[position]
            switch expected {
            case .nothing: throw unexpected(text, position, wanted: "the end of the text")
            case .commaOrEnd where byte == UInt8(ascii: ","):
                position += 1
                expected = openObjects.last == true ? .key : .value
            case .commaOrEnd,
                .valueOrEnd where byte == UInt8(ascii: "]"),
                .keyOrEnd where byte == UInt8(ascii: "}"):
                try close(text, &position, &openObjects)
                expected = openObjects.isEmpty ? .nothing : .commaOrEnd
            case .key, .keyOrEnd:
                guard byte == UInt8(ascii: "\"") else { throw unexpected(text, position, wanted: "a member's name") }
                try skipString(text, &position, &sawNonASCII)
                skipSpace(text, &position)
                guard position < text.count else { break }
                guard text[position] == UInt8(ascii: ":") else { throw unexpected(text, position, wanted: "':'") }
                position += 1
                expected = .value
            case .value, .valueOrEnd:
                if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                    position += 1
                    openObjects.append(byte == UInt8(ascii: "{"))
                    expected = byte == UInt8(ascii: "{") ? .keyOrEnd : .valueOrEnd
                } else {
                    try skipScalar(text, &position, &sawNonASCII)
                    expected = openObjects.isEmpty ? .nothing : .commaOrEnd
                }
            }
        }
        guard case .nothing = expected else { throw Defect(reason: "Unexpected end of the text", offset: position) }
        if sawNonASCII { try checkUTF8(text) }
    }

    private static func skipSpace(_ text: Span<UInt8>, _ position: inout Int) {
        while position < text.count {
            switch text[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    private static func close(
        _ text: Span<UInt8>, _ position: inout Int, _ openObjects: inout [Bool]
    ) throws(Defect) {
        let wanted = openObjects.last == true ? UInt8(ascii: "}") : UInt8(ascii: "]")
        guard text[position] == wanted else {
            throw unexpected(text, position, wanted: "',' or '\(Character(Unicode.Scalar(wanted)))'")
        }
        openObjects.removeLast()
        position += 1
    }

    private static func skipScalar(
        _ text: Span<UInt8>, _ position: inout Int, _ sawNonASCII: inout Bool
    ) throws(Defect) {
        switch text[position] {
        case UInt8(ascii: "\""): try skipString(text, &position, &sawNonASCII)
        case UInt8(ascii: "t"): try skipWord("true", text, &position)
        case UInt8(ascii: "f"): try skipWord("false", text, &position)
        case UInt8(ascii: "n"): try skipWord("null", text, &position)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try skipNumber(text, &position)
        default: throw unexpected(text, position, wanted: "a value")
        }
    }

    private static func skipWord(_ word: StaticString, _ text: Span<UInt8>, _ position: inout Int) throws(Defect) {
        let length = word.utf8CodeUnitCount
        for index in 0..<length {
            guard position + index < text.count, text[position + index] == word.utf8Start[index] else {
                throw Defect(reason: "Unrecognized token: was expecting '\(word)'", offset: position)
            }
        }
        position += length
    }

    /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
    private static func skipNumber(_ text: Span<UInt8>, _ position: inout Int) throws(Defect) {
        if text[position] == UInt8(ascii: "-") { position += 1 }
        if position < text.count, text[position] == UInt8(ascii: "0") {
            position += 1
        } else {
            try skipDigits(text, &position)
        }
        if position < text.count, text[position] == UInt8(ascii: ".") {
            position += 1
            try skipDigits(text, &position)
        }
        guard position < text.count, text[position] | 0x20 == UInt8(ascii: "e") else { return }
        position += 1
        if position < text.count, text[position] == UInt8(ascii: "+") || text[position] == UInt8(ascii: "-") {
            position += 1
        }
        try skipDigits(text, &position)
    }

    private static func skipDigits(_ text: Span<UInt8>, _ position: inout Int) throws(Defect) {
        let start = position
        while position < text.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[position]) { position += 1 }
        guard position > start else {
            guard position < text.count else { throw Defect(reason: "Unexpected end of the text", offset: position) }
            throw unexpected(text, position, wanted: "a digit")
        }
    }

    private static func skipString(
        _ text: Span<UInt8>, _ position: inout Int, _ sawNonASCII: inout Bool
    ) throws(Defect) {
        position += 1
        var seen: UInt8 = 0
        while position < text.count {
            let byte = text[position]
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                if seen >= 0x80 { sawNonASCII = true }
                return
            case UInt8(ascii: "\\"): try skipEscape(text, &position)
            case 0..<0x20: throw Defect(reason: "Illegal unescaped control character in a string", offset: position)
            default:
                seen |= byte
                position += 1
            }
        }
        throw Defect(reason: "Unexpected end of the text in a string", offset: position)
    }

    private static func skipEscape(_ text: Span<UInt8>, _ position: inout Int) throws(Defect) {
        let start = position
        position += 1
        guard position < text.count else { return }  // the string's loop reports the end
        switch text[position] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 1
        case UInt8(ascii: "u"):
            position += 1
            for _ in 0..<4 {
                guard position < text.count else { return }
                guard Character(Unicode.Scalar(text[position])).isHexDigit else {
                    throw Defect(reason: "Unrecognized character escape", offset: start)
                }
                position += 1
            }
        default: throw Defect(reason: "Unrecognized character escape", offset: start)
        }
    }

    private static func checkUTF8(_ text: Span<UInt8>) throws(Defect) {
        do {
            _ = try UTF8Span(validating: text)
        } catch {
            throw Defect(reason: "Invalid UTF-8", offset: error.byteOffsets.lowerBound)
        }
    }

    private static func unexpected(_ text: Span<UInt8>, _ position: Int, wanted: String) -> Defect {
        let byte = text[position]
        let shown = (0x21...0x7E).contains(byte) ? "'\(Character(Unicode.Scalar(byte)))'" : "code \(byte)"
        return Defect(reason: "Unexpected character (\(shown)): was expecting \(wanted)", offset: position)
    }
}
