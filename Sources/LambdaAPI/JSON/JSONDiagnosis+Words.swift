/// White space, characters, and how findings are worded.
extension JSONDiagnosis {
    // MARK: - White space

    /// The next byte that is no white space; nil at the end.
    mutating func skipSpaceOrEnd() throws(Finding) -> UInt8? {
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case 0x20, 0x09: continue
            case 0x0A: beginLine()
            case 0x0D:
                if position < bytes.count, bytes[position] == 0x0A { position += 1 }
                beginLine()
            case 0..<0x20:
                throw here(
                    """
                    Illegal character (\(Self.description(UInt16(byte)))): only regular white space (\\r, \\n, \\t) is allowed \
                    between tokens
                    """)
            case UInt8(ascii: "/"):
                throw unexpected(
                    byte,
                    """
                    maybe a (non-standard) comment? (not recognized as one since Feature 'ALLOW_COMMENTS' not enabled for parser)
                    """)
            default: return byte
            }
        }
        return nil
    }

    mutating func skipSpace(within name: String) throws(Finding) -> UInt8 {
        guard let byte = try skipSpaceOrEnd() else { throw end(" within/between \(name) entries") }
        return byte
    }

    mutating func skipColon() throws(Finding) -> UInt8 {
        let colon = try skipSpace(within: "Object")
        guard colon == UInt8(ascii: ":") else {
            throw unexpected(colon, "was expecting a colon to separate field name and value")
        }
        return try skipSpace(within: "Object")
    }

    private mutating func beginLine() {
        line += 1
        lineStart = position
    }

    // MARK: - Characters

    mutating func nextByte() throws(Finding) -> UInt8 {
        guard position < bytes.count else { throw end(" in \(token)") }
        position += 1
        return bytes[position - 1]
    }

    /// The UTF-16 unit that Jackson makes of a character that begins with `first`, whose other bytes are next. It looks at the first
    /// 16 bits only.
    mutating func decode(_ first: UInt8) throws(Finding) -> UInt16 {
        guard first > 0x7F else { return UInt16(first) }
        guard let more = Self.following(first) else { throw here(Self.invalidStart(first)) }
        var value = UInt32(first) & (more == 1 ? 0x1F : more == 2 ? 0x0F : 0x07)
        for _ in 0..<more {
            let middle = try nextByte()
            guard middle & 0xC0 == 0x80 else { throw here(Self.invalidMiddle(middle)) }
            value = value << 6 | UInt32(middle & 0x3F)
        }
        return UInt16(truncatingIfNeeded: value)
    }

    /// The same of one that is only looked at.
    mutating func peeked(_ first: UInt8) throws(Finding) -> UInt16 {
        let place = position
        let unit = try decode(first)
        position = place
        return unit
    }

    /// How many bytes follow the first of a character; nil when it begins none.
    static func following(_ first: UInt8) -> Int? {
        switch first {
        case 0xC0...0xDF: 1
        case 0xE0...0xEF: 2
        case 0xF0...0xF7: 3
        default: nil
        }
    }

    /// As Java's `Character.isJavaIdentifierStart` says.
    static func mayBeginIdentifier(_ unit: UInt16) -> Bool {
        switch Unicode.Scalar(unit)?.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .letterNumber,
            .currencySymbol, .connectorPunctuation:
            true
        default: false
        }
    }

    /// As Java's `Character.isJavaIdentifierPart` says.
    static func mayContinueIdentifier(_ unit: UInt16) -> Bool {
        if mayBeginIdentifier(unit) { return true }
        switch unit {
        case 0x00...0x08, 0x0E...0x1B, 0x7F...0x9F: return true
        default: break
        }
        return switch Unicode.Scalar(unit)?.properties.generalCategory {
        case .decimalNumber, .spacingMark, .nonspacingMark, .format: true
        default: false
        }
    }

    /// What is repeated of a word at most, in UTF-16.
    static let longestToken = 256

    // MARK: - Findings

    static let origin = "Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)"

    var column: Int { position - lineStart + 1 }

    func source(_ line: Int, _ column: Int) -> String { "[\(Self.origin); line: \(line), column: \(column)]" }

    func place(_ line: Int, _ column: Int) -> String { "\n at \(source(line, column))" }

    func place(of offset: Int) -> String {
        let before = bytes[..<min(offset, bytes.count)]
        let line = before.count { $0 == 0x0A } + 1
        return place(line, before.count - (before.lastIndex(of: 0x0A) ?? -1))
    }

    /// A finding behind what was read last.
    func here(_ text: String) -> Finding { Finding(text: text + place(line, column)) }

    /// A finding at what was read last.
    func before(_ text: String) -> Finding { Finding(text: text + place(line, column - 1)) }

    func end(_ text: String) -> Finding { here("Unexpected end-of-input" + text) }

    func unexpected(_ byte: UInt8, _ wanted: String) -> Finding { unexpected(unit: UInt16(byte), wanted) }

    func unexpected(unit: UInt16, _ wanted: String) -> Finding {
        before("Unexpected character (\(Self.description(unit))): \(wanted)")
    }

    func unexpectedInNumber(_ byte: UInt8, _ wanted: String) -> Finding {
        before("Unexpected character (\(Self.description(UInt16(byte)))) in numeric value: \(wanted)")
    }

    func unquoted(_ byte: UInt8, _ place: String) -> Finding {
        before(
            """
            Illegal unquoted character (\(Self.description(UInt16(byte)))): has to be escaped using backslash to be included in \
            \(place)
            """)
    }

    static func nonStandard(_ word: String) -> String {
        "Non-standard token '\(word)': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow"
    }

    static func invalidStart(_ byte: UInt8) -> String { "Invalid UTF-8 start byte 0x\(String(byte, radix: 16))" }

    static func invalidMiddle(_ byte: UInt8) -> String { "Invalid UTF-8 middle byte 0x\(String(byte, radix: 16))" }

    static func description(_ unit: UInt16) -> String {
        if unit < 0x20 || (0x7F...0x9F).contains(unit) { return "(CTRL-CHAR, code \(unit))" }
        let character = String(decoding: [unit], as: UTF16.self)
        let digits = unit > 0xFF ? " / 0x\(String(unit, radix: 16))" : ""
        return "'\(character)' (code \(unit)\(digits))"
    }
}
