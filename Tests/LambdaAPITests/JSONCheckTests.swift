import LambdaAPI
import Testing

@Suite struct JSONCheckTests {
    @Test(
        "JSON is accepted",
        arguments: [
            "{}", "[]", "null", "true", "false", "0", "-0", "-12.5e+3", "1E9", "\"\"", " \t\r\n{ } \n",
            #"{"a":[1,2,{"b":null}],"c":"\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00"}"#, #"[[],[[]],{"":{}}]"#,
            "\"é😀\u{2028}\"",
            String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000),
        ])
    func accepts(text: String) throws {
        try JSONCheck.check(Array(text.utf8))
    }

    @Test(
        "What is not JSON is refused where it goes wrong",
        arguments: [
            ("", 0), (" ", 1), ("foo", 0), ("tru", 0), ("truex", 4), ("nul", 0), ("{", 1), ("[", 1), ("[1", 2),
            ("[1,", 3),
            ("]", 0), ("}", 0), ("[}", 1), ("{]", 1), ("[1}", 2), ("{\"a\":1]", 6), ("[1 2]", 3), ("[,1]", 1),
            ("[1,]", 3),
            ("{,}", 1), ("{\"a\"}", 4), ("{\"a\":}", 5), ("{\"a\":1,}", 7), ("{\"a\" 1}", 5), ("{a:1}", 1),
            ("{1:1}", 1),
            ("{\"a\":1 \"b\":2}", 7), ("{'a':1}", 1), ("1 2", 2), ("{}{}", 2), ("{} x", 3), ("01", 1), ("+1", 0),
            (".5", 0),
            ("1.", 2), ("1.e3", 2), ("1e", 2), ("1e+", 3), ("-", 1), ("-x", 1), ("0x10", 1), ("NaN", 0),
            ("Infinity", 0),
            ("\"abc", 4), ("\"a\nb\"", 2), ("\"\\x\"", 1), ("\"\\u12g4\"", 1), ("\"\\", 2), ("\"\\u12", 5),
            ("\u{FEFF}{}", 0),
            ("// note\n1", 0), ("{\"a\":\u{A0}1}", 5), (",", 0), (":", 0), ("é", 0),
        ])
    func refuses(text: String, offset: Int) {
        let defect = #expect(throws: JSONCheck.Defect.self) { try JSONCheck.check(Array(text.utf8)) }
        #expect(defect?.offset == offset, "\(text): \(defect?.reason ?? "accepted")")
    }

    @Test(
        "Strings that are not UTF-8 are refused",
        arguments: [
            [0xFF], [0xC3], [0xC0, 0x80], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0x80],
        ] as [[UInt8]])
    func refusesBadUTF8(bytes: [UInt8]) {
        let quote = UInt8(ascii: "\"")
        let defect = #expect(throws: JSONCheck.Defect.self) { try JSONCheck.check([quote] + bytes + [quote]) }
        #expect(defect?.reason == "Invalid UTF-8")
    }
}
