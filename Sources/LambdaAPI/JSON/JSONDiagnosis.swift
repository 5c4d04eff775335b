/// Says what is wrong with a text that ``JSONCheck`` refused, in the words of the parser that AWS uses, which clients and their
/// tests have come to know: Jackson reading UTF-8 bytes, with its line and column, down to the letter.
///
/// It goes through the text once more, as that parser does; only refused requests come here. It stops at the first defect and
/// builds nothing, so its cost is that of the check.
struct JSONDiagnosis {
    struct Finding: Error {
        let text: String
    }

    enum Scope {
        case list, object
    }

    /// An open list or object, and where it began.
    struct Level {
        let scope: Scope
        let line: Int
        let column: Int
        var count = 0
    }

    let bytes: [UInt8]
    var position = 0
    var line = 1
    var lineStart = 0
    var levels: [Level] = []
    /// The parser's name of the token that it has read last.
    var token = "null"
    var roots = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// - Parameter fallback: for the few texts that Jackson takes and no runtime does.
    static func text(of bytes: [UInt8], fallback: JSONCheck.Defect) -> String {
        var diagnosis = JSONDiagnosis(bytes)
        do throws(Finding) {
            try diagnosis.read()
        } catch {
            return error.text
        }
        if diagnosis.roots == 0 {
            return "No content to map due to end-of-input" + diagnosis.place(diagnosis.line, diagnosis.column)
        }
        return fallback.reason + diagnosis.place(of: fallback.offset)
    }

    // MARK: - Tokens

    private mutating func read() throws(Finding) {
        while let byte = try skipSpaceOrEnd() {
            if byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}") {
                try close(byte)
                continue
            }
            var next = byte
            if let level = levels.last {
                levels[levels.count - 1].count += 1
                if level.count > 0 {
                    let name = level.scope == .list ? "Array" : "Object"
                    guard byte == UInt8(ascii: ",") else {
                        throw unexpected(byte, "was expecting comma to separate \(name) entries")
                    }
                    next = try skipSpace(within: name)
                }
                if level.scope == .object {
                    try readName(next)
                    token = "FIELD_NAME"
                    next = try skipColon()
                }
            } else {
                roots += 1
            }
            try readValue(next)
        }
        guard let open = levels.last else { return }
        let name = open.scope == .list ? "Array" : "Object"
        throw end(": expected close marker for \(name) (start marker at \(source(open.line, open.column)))")
    }

    private mutating func close(_ byte: UInt8) throws(Finding) {
        let closes: Scope = byte == UInt8(ascii: "]") ? .list : .object
        guard let open = levels.last, open.scope == closes else {
            let wanted = closes == .list ? "}" : "]"
            let (name, start) =
                switch levels.last {
                case let level?: (level.scope == .list ? "Array" : "Object", source(level.line, level.column))
                case nil: ("root", "[\(Self.origin); line: 1]")
                }
            throw before(
                "Unexpected close marker '\(Character(Unicode.Scalar(byte)))': expected '\(wanted)' (for \(name) starting at \(start))"
            )
        }
        levels.removeLast()
        token = closes == .list ? "END_ARRAY" : "END_OBJECT"
    }

    private mutating func readValue(_ byte: UInt8) throws(Finding) {
        switch byte {
        case UInt8(ascii: "\""):
            token = "VALUE_STRING"
            try readString()
        case UInt8(ascii: "["):
            levels.append(Level(scope: .list, line: line, column: position - lineStart))
            token = "START_ARRAY"
        case UInt8(ascii: "{"):
            levels.append(Level(scope: .object, line: line, column: position - lineStart))
            token = "START_OBJECT"
        case UInt8(ascii: "t"): try readWord("true", "VALUE_TRUE")
        case UInt8(ascii: "f"): try readWord("false", "VALUE_FALSE")
        case UInt8(ascii: "n"): try readWord("null", "VALUE_NULL")
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try readNumber(byte)
        default: throw try unexpectedValue(byte)
        }
    }

    private mutating func unexpectedValue(_ byte: UInt8) throws(Finding) -> Finding {
        switch byte {
        case UInt8(ascii: "]") where levels.last?.scope == .list, UInt8(ascii: ","), UInt8(ascii: "}"):
            return unexpected(byte, "expected a value")
        case UInt8(ascii: "N"):
            try match("NaN", from: 1)
            return here(Self.nonStandard("NaN"))
        case UInt8(ascii: "I"):
            try match("Infinity", from: 1)
            return here(Self.nonStandard("Infinity"))
        case UInt8(ascii: "+"):
            guard position < bytes.count else { return end(" in a Number value") }
            position += 1
            return try invalidNumberStart(bytes[position - 1], isNegative: false)
        default:
            if Self.mayBeginIdentifier(UInt16(byte)) { return try unrecognized([UInt16(byte)]) }
            return unexpected(
                byte, "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')")
        }
    }

    // MARK: - Words

    private mutating func readWord(_ word: StaticString, _ name: String) throws(Finding) {
        try match(word, from: 1)
        token = name
    }

    private mutating func match(_ word: StaticString, from start: Int) throws(Finding) {
        let letters = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        for index in start..<letters.count {
            guard position < bytes.count, bytes[position] == letters[index] else {
                throw try unrecognized(letters[..<index].map(UInt16.init))
            }
            position += 1
        }
        guard position < bytes.count else { return }
        let next = bytes[position]
        guard next >= UInt8(ascii: "0"), next != UInt8(ascii: "]"), next != UInt8(ascii: "}") else { return }
        if Self.mayContinueIdentifier(try peeked(next)) { throw try unrecognized(letters.map(UInt16.init)) }
    }

    /// Collects what looks like a word.
    mutating func unrecognized(_ begun: [UInt16]) throws(Finding) -> Finding {
        var units = begun
        while position < bytes.count {
            position += 1
            let unit = try decode(bytes[position - 1])
            guard Self.mayContinueIdentifier(unit) else { break }
            units.append(unit)
            if units.count >= Self.longestToken {
                units += Array("...".utf16)
                break
            }
        }
        return here(
            """
            Unrecognized token '\(String(decoding: units, as: UTF16.self))': was expecting (JSON String, Number, Array, Object \
            or token 'null', 'true' or 'false')
            """)
    }

    // MARK: - Names and strings

    private mutating func readName(_ first: UInt8) throws(Finding) {
        guard first == UInt8(ascii: "\"") else {
            throw unexpected(unit: try decode(first), "was expecting double-quote to start field name")
        }
        guard position < bytes.count else { throw end(": was expecting closing '\"' for name") }
        var name: [UInt8] = []
        while true {
            guard position < bytes.count else { throw end(" in field name") }
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return try checkName(name)
            case UInt8(ascii: "\\"):
                try readEscape()
                name.append(UInt8(ascii: "x"))
            case 0..<0x20: throw unquoted(byte, "name")
            default: name.append(byte)
            }
        }
    }

    /// A name's encoding is looked at once it has been read.
    private func checkName(_ name: [UInt8]) throws(Finding) {
        var index = 0
        while index < name.count {
            let byte = name[index]
            index += 1
            guard byte > 0x7F else { continue }
            guard let more = Self.following(byte) else { throw here(Self.invalidStart(byte)) }
            guard index + more <= name.count else { throw end(" in field name") }
            for _ in 0..<more {
                guard name[index] & 0xC0 == 0x80 else { throw here(Self.invalidMiddle(name[index])) }
                index += 1
            }
        }
    }

    private mutating func readString() throws(Finding) {
        while true {
            let byte = try nextByte()
            switch byte {
            case UInt8(ascii: "\""): return
            case UInt8(ascii: "\\"): try readEscape()
            case 0..<0x20: throw unquoted(byte, "string value")
            case 0x80...:
                guard let more = Self.following(byte) else { throw here(Self.invalidStart(byte)) }
                for _ in 0..<more {
                    let middle = try nextByte()
                    guard middle & 0xC0 == 0x80 else { throw here(Self.invalidMiddle(middle)) }
                }
            default: break
            }
        }
    }

    private mutating func readEscape() throws(Finding) {
        guard position < bytes.count else { throw end(Self.inEscape) }
        position += 1
        let byte = bytes[position - 1]
        switch byte {
        case UInt8(ascii: "b"), UInt8(ascii: "t"), UInt8(ascii: "n"), UInt8(ascii: "f"), UInt8(ascii: "r"),
            UInt8(ascii: "\""), UInt8(ascii: "/"), UInt8(ascii: "\\"):
            return
        case UInt8(ascii: "u"):
            for _ in 0..<4 {
                guard position < bytes.count else { throw end(Self.inEscape) }
                position += 1
                let digit = bytes[position - 1]
                guard digit < 0x80, Character(Unicode.Scalar(digit)).isHexDigit else {
                    throw unexpected(digit, "expected a hex-digit for character escape sequence")
                }
            }
        default:
            throw before("Unrecognized character escape \(Self.description(try decode(byte)))")
        }
    }

    private static let inEscape = " in character escape sequence"
}
