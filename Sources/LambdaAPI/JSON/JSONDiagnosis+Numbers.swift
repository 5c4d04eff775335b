/// Numbers.
extension JSONDiagnosis {
    mutating func readNumber(_ first: UInt8) throws(Finding) {
        var digit = first
        if first == UInt8(ascii: "-") {
            digit = try nextByte()
            if digit == UInt8(ascii: ".") { throw try periodFirst() }
            guard Self.isDigit(digit) else { throw try invalidNumberStart(digit, isNegative: true) }
        }
        if digit == UInt8(ascii: "0"), position < bytes.count, Self.isDigit(bytes[position]) {
            throw here("Invalid numeric value: Leading zeroes not allowed")
        }
        while position < bytes.count, Self.isDigit(bytes[position]) { position += 1 }
        var name = "VALUE_NUMBER_INT"
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") || bytes[position] | 0x20 == UInt8(ascii: "e") {
            name = "VALUE_NUMBER_FLOAT"
            try readFraction()
        }
        if levels.isEmpty, position < bytes.count { try checkRootSpace() }
        token = name
    }

    private mutating func readFraction() throws(Finding) {
        var last = bytes[position]
        position += 1
        if last == UInt8(ascii: ".") {
            let start = position
            while position < bytes.count {
                last = bytes[position]
                guard Self.isDigit(last) else { break }
                position += 1
            }
            let ended = position == bytes.count
            if position == start {
                if !ended { position += 1 }
                throw unexpectedInNumber(last, "Decimal point not followed by a digit")
            }
            guard !ended, last | 0x20 == UInt8(ascii: "e") else { return }
            position += 1
        }
        var digit = try nextByte()
        if digit == UInt8(ascii: "-") || digit == UInt8(ascii: "+") { digit = try nextByte() }
        guard Self.isDigit(digit) else {
            throw unexpectedInNumber(digit, "Exponent indicator not followed by a digit")
        }
        while position < bytes.count, Self.isDigit(bytes[position]) { position += 1 }
    }

    /// Between outermost values is white space.
    private mutating func checkRootSpace() throws(Finding) {
        let byte = bytes[position]
        switch byte {
        case 0x20, 0x09, 0x0A, 0x0D: return
        default:
            position += 1
            throw unexpected(byte, "Expected space separating root-level values")
        }
    }

    private mutating func periodFirst() throws(Finding) -> Finding {
        unexpected(
            UInt8(ascii: "."),
            "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')")
    }

    /// What follows a sign and is no digit.
    mutating func invalidNumberStart(_ byte: UInt8, isNegative: Bool) throws(Finding) -> Finding {
        var byte = byte
        while byte == UInt8(ascii: "I") {
            guard position < bytes.count else { return end(" in a Number value") }
            byte = bytes[position]
            position += 1
            let sign = isNegative ? "-" : "+"
            if byte == UInt8(ascii: "N") {
                try matchSigned("INF", begun: 2, sign: sign)
                return here(Self.nonStandard("\(sign)INF"))
            } else if byte == UInt8(ascii: "n") {
                try matchSigned("Infinity", begun: 2, sign: sign)
                return here(Self.nonStandard("\(sign)Infinity"))
            }
        }
        if !isNegative {
            return unexpectedInNumber(
                UInt8(ascii: "+"),
                """
                JSON spec does not allow numbers to have plus signs: enable \
                `JsonReadFeature.ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS` to allow
                """)
        }
        return unexpectedInNumber(byte, "expected digit (0-9) to follow minus sign, for valid numeric value")
    }

    private mutating func matchSigned(_ word: String, begun: Int, sign: String) throws(Finding) {
        let letters = Array(word.utf8)
        for index in begun..<letters.count {
            guard position < bytes.count, bytes[position] == letters[index] else {
                throw try unrecognized(Array((sign + word.prefix(index)).utf16))
            }
            position += 1
        }
        guard position < bytes.count else { return }
        let next = bytes[position]
        guard next >= UInt8(ascii: "0"), next != UInt8(ascii: "]"), next != UInt8(ascii: "}") else { return }
        if Self.mayContinueIdentifier(try peeked(next)) { throw try unrecognized(Array((sign + word).utf16)) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
