/// Payloads of invocations, held against the grammar of RFC 8259 written down once more, plainly and with recursion.
enum Target: FuzzTarget {
    static func test(_ input: [UInt8]) {
        // The grammar's stack is not endless.
        guard input.count <= 2000 else { return }
        do throws(JSONCheck.Defect) {
            try JSONCheck.check(input)
        } catch {
            hold(0...input.count ~= error.offset, "a defect at \(error.offset) of \(input.count)")
            let description = JSONDiagnosis.text(of: input, fallback: error)
            hold(!Grammar.accepts(input), "the grammar has no defect: \(description)")
            hold(description.contains("; line: "), "a defect without a place: \(description)")
            return
        }
        hold(Grammar.accepts(input), "the grammar is not met")
    }

    static let seeds: [[UInt8]] =
        [
            #"{"key": [1, -2.5e+3, 0.1, true, false, null, "text"], "": {}}"#, #"[[[[]]], {"a": {"b": [ ]}}]"#,
            #""\"\\\/\b\f\n\r\t\u00e9""#, #""\ud83d\ude00 \uDEAD""#, "\"\u{1F600} \u{e9}\"", " 0 ", "-0", "01", "1.",
            ".5",
            "1e", "+1", "[1,]", #"{"a" 1}"#, #"{"a":1,}"#, "[1 2]", "nul", "\"\u{1}\"", "\t\r\n",
            #"{"Records": [{"eventVersion": "2.1", "s3": {"object": {"size": 1024}}}]}"#,
        ].map { Array($0.utf8) } + [[0x22, 0xFF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0xEF, 0xBB, 0xBF, 0x30]]
}

/// RFC 8259, one function a rule; each says where what it stands for ends, or nil.
private enum Grammar {
    static func accepts(_ text: [UInt8]) -> Bool {
        guard String(validating: text, as: UTF8.self) != nil else { return false }
        guard let end = value(text[...]) else { return false }
        return space(end).isEmpty
    }

    private typealias Rest = ArraySlice<UInt8>

    private static func space(_ text: Rest) -> Rest { text.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) } }

    private static func literal(_ word: String, _ text: Rest) -> Rest? {
        text.starts(with: word.utf8) ? text.dropFirst(word.utf8.count) : nil
    }

    private static func value(_ text: Rest) -> Rest? {
        let text = space(text)
        return literal("null", text) ?? literal("true", text) ?? literal("false", text) ?? string(text) ?? number(text)
            ?? list(text, "[", "]", value) ?? list(text, "{", "}", member)
    }

    private static func list(_ text: Rest, _ open: String, _ close: String, _ element: (Rest) -> Rest?) -> Rest? {
        guard let inside = literal(open, text) else { return nil }
        if let end = literal(close, space(inside)) { return end }
        guard var rest = element(inside) else { return nil }
        while let next = literal(",", space(rest)) {
            guard let end = element(next) else { return nil }
            rest = end
        }
        return literal(close, space(rest))
    }

    private static func member(_ text: Rest) -> Rest? {
        guard let name = string(space(text)) else { return nil }
        return literal(":", space(name)).flatMap(value)
    }

    private static func string(_ text: Rest) -> Rest? {
        guard var rest = literal("\"", text) else { return nil }
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return rest
            case UInt8(ascii: "\\"):
                guard let escape = rest.popFirst() else { return nil }
                if escape == UInt8(ascii: "u") {
                    let digits = rest.prefix(4)
                    guard digits.count == 4, digits.allSatisfy({ "0123456789abcdefABCDEF".utf8.contains($0) }) else {
                        return nil
                    }
                    rest = rest.dropFirst(4)
                } else if !#""\/bfnrt"#.utf8.contains(escape) {
                    return nil
                }
            case 0..<0x20: return nil
            default: continue
            }
        }
        return nil
    }

    private static func digits(_ text: Rest) -> Rest? {
        let rest = text.drop { "0123456789".utf8.contains($0) }
        return rest.count < text.count ? rest : nil
    }

    private static func number(_ text: Rest) -> Rest? {
        let unsigned = literal("-", text) ?? text
        guard var rest = literal("0", unsigned) ?? digits(unsigned) else { return nil }
        if let fraction = literal(".", rest) {
            guard let end = digits(fraction) else { return nil }
            rest = end
        }
        if let exponent = literal("e", rest) ?? literal("E", rest) {
            guard let end = digits(literal("+", exponent) ?? literal("-", exponent) ?? exponent) else { return nil }
            rest = end
        }
        return rest
    }
}
