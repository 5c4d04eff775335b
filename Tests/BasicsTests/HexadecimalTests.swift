import Basics
import Testing

@Suite struct HexadecimalTests {
    @Test(
        "bytes are two lower-case digits each",
        arguments: [
            ([], ""), ([0], "00"), ([0xAB, 0x0C, 0xFF], "ab0cff"),
        ] as [([UInt8], String)])
    func text(bytes: [UInt8], text: String) { #expect(Hexadecimal.text(bytes) == text) }

    @Test("a number has all its digits")
    func numbers() {
        #expect(Hexadecimal.text(of: UInt32(0xBEEF)) == "0000beef")
        #expect(Hexadecimal.text(of: UInt64.max) == "ffffffffffffffff")
    }

    @Test(
        "only the digits asked for are such a text",
        arguments: [
            ("09af", 4, true), ("09AF", 4, false), ("09a", 4, false), ("09af0", 4, false), ("09ag", 4, false),
            ("09a ", 4, false),
            ("ää", 4, false), ("", 0, true),
        ])
    func isText(text: String, count: Int, expected: Bool) {
        #expect(Hexadecimal.isText(text, count: count) == expected)
    }

    @Test("a digit of either case has a value, and nothing else")
    func values() {
        let digits = "0123456789abcdefABCDEF".utf8
        #expect(digits.compactMap(Hexadecimal.value(of:)) == Array(0...15) + Array(10...15))
        #expect((0...255).filter { Hexadecimal.value(of: $0) != nil }.count == digits.count)
        #expect((0..<16).map(Hexadecimal.digit) == Array(digits.prefix(16)))
    }
}

@Suite struct Base64Tests {
    // RFC 4648, section 10, and bytes of the last two characters.
    @Test(
        "is that of RFC 4648",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ])
    func text(plain: String, encoded: String) {
        #expect(Base64.text(Array(plain.utf8)) == encoded)
        #expect(Base64.decode(Array(encoded.utf8)) == Array(plain.utf8))
    }

    @Test(
        "of other characters, or of half a group, is none",
        arguments: ["Zg=", "Z===", "Zg==Zg==", "Zm9-", "Zm 9", "Zg"])
    func hostile(text: String) { #expect(Base64.decode(Array(text.utf8)) == nil) }

    @Test("has + and / as its last characters")
    func alphabet() {
        #expect(Base64.text([0xFB, 0xFF]) == "+/8=")
        #expect(Base64.decode(Array("+/8=".utf8)) == [0xFB, 0xFF])
    }
}

@Suite struct RethrowingTests {
    private struct Lower: Error {}
    private struct Upper: Error, Equatable {
        var text: String
    }

    private static func fail() throws(Lower) -> Int { throw Lower() }
    private static func pass() throws(Lower) -> Int { 7 }
    private static func failLater() async throws(Lower) -> Int { throw Lower() }

    @Test("an error becomes what it is made to, a value stays")
    func converts() throws {
        #expect(throws: Upper(text: "open")) {
            _ = try rethrowing(try Self.fail()) { (_: Lower) in Upper(text: "open") }
        }
        #expect(try rethrowing(try Self.pass()) { (_: Lower) in Upper(text: "") } == 7)
    }

    @Test("also of what suspends")
    func convertsLater() async {
        await #expect(throws: Upper(text: "wait")) {
            _ = try await rethrowing(try await Self.failLater()) { (_: Lower) in Upper(text: "wait") }
        }
    }
}
