import HTTPTypes
import HummingbirdTesting
import LambdaAPI
import NIOCore
import Testing

/// What AWS answers to payloads that are not JSON. The first two were recorded there, the others are what its parser (Jackson 2.19)
/// says of the same bytes.
@Suite("A payload that is not JSON is refused in AWS's words")
struct PayloadErrorTests {
    static let values = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"

    static let rows: [([UInt8], String, String)] = [
        ([0x6E, 0x87, 0x72, 0x9E, 0xE9], "Invalid UTF-8 start byte 0x87", "1, column: 3"),
        (
            [0x99, 0xEB, 0x2C, 0x6A, 0x07, 0xA1, 0x7A, 0x59, 0x68],
            "Unexpected character ((CTRL-CHAR, code 153)): expected a valid value \(values)", "1, column: 1"
        ),
        (Array("foo".utf8), "Unrecognized token 'foo': was expecting \(values)", "1, column: 4"),
        (Array("truex".utf8), "Unrecognized token 'truex': was expecting \(values)", "1, column: 6"),
        (Array("hello world".utf8), "Unrecognized token 'hello': was expecting \(values)", "1, column: 7"),
        (Array("[1\n,\n x]".utf8), "Unrecognized token 'x': was expecting \(values)", "3, column: 4"),
        (Array(".5".utf8), "Unexpected character ('.' (code 46)): expected a valid value \(values)", "1, column: 1"),
        (Array("{'a':1}".utf8), word("'", 39, "was expecting double-quote to start field name"), "1, column: 2"),
        (Array("{\"a\":1,}".utf8), word("}", 125, "was expecting double-quote to start field name"), "1, column: 8"),
        (
            Array("{\"a\" 1}".utf8), word("1", 49, "was expecting a colon to separate field name and value"),
            "1, column: 6"
        ),
        (Array("{\"a\":}".utf8), word("}", 125, "expected a value"), "1, column: 6"),
        (Array("[1,]".utf8), word("]", 93, "expected a value"), "1, column: 4"),
        (Array("[1 2]".utf8), word("2", 50, "was expecting comma to separate Array entries"), "1, column: 4"),
        (
            Array("{\"a\":1 \"b\":2}".utf8), word("\"", 34, "was expecting comma to separate Object entries"),
            "1, column: 8"
        ),
        (Array("0D".utf8), word("D", 68, "Expected space separating root-level values"), "1, column: 2"),
        (Array("01".utf8), "Invalid numeric value: Leading zeroes not allowed", "1, column: 2"),
        (
            Array("-x".utf8),
            "Unexpected character ('x' (code 120)) in numeric value: expected digit (0-9) to follow minus sign, "
                + "for valid numeric value", "1, column: 2"
        ),
        (
            Array("1.e3".utf8),
            "Unexpected character ('e' (code 101)) in numeric value: Decimal point not followed by a digit",
            "1, column: 3"
        ),
        (
            Array("NaN".utf8),
            "Non-standard token 'NaN': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow", "1, column: 4"
        ),
        (Array("[1,".utf8), "Unexpected end-of-input within/between Array entries", "1, column: 4"),
        (Array("{\"a\"".utf8), "Unexpected end-of-input within/between Object entries", "1, column: 5"),
        (Array("{\"a".utf8), "Unexpected end-of-input in field name", "1, column: 4"),
        (Array("\"abc".utf8), "Unexpected end-of-input in VALUE_STRING", "1, column: 5"),
        (Array("\"\\u12".utf8), "Unexpected end-of-input in character escape sequence", "1, column: 6"),
        (Array("\"\\x\"".utf8), "Unrecognized character escape 'x' (code 120)", "1, column: 3"),
        (
            Array("\"a\nb\"".utf8),
            "Illegal unquoted character ((CTRL-CHAR, code 10)): has to be escaped using backslash to be included in "
                + "string value", "1, column: 3"
        ),
        ([0x22, 0xC3, 0x22], "Invalid UTF-8 middle byte 0x22", "1, column: 4"),
        (
            Array("// n\n1".utf8),
            word(
                "/", 47,
                "maybe a (non-standard) comment? (not recognized as one since Feature 'ALLOW_COMMENTS' not enabled for "
                    + "parser)"), "1, column: 1"
        ),
    ]

    static func word(_ character: String, _ code: Int, _ wanted: String) -> String {
        "Unexpected character ('\(character)' (code \(code))): \(wanted)"
    }

    static let origin = "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: "

    @Test(arguments: rows)
    func told(payload: [UInt8], reason: String, place: String) async throws {
        let response = try await send(payload)
        #expect(response.status.code == 400)
        #expect(response.header("x-amzn-ErrorType") == "InvalidRequestContentException")
        let text = "Could not parse request body into json: Could not parse payload into json: \(reason)\n at "
        #expect(try response.json["message"]?.text == "\(text)\(Self.origin)\(place)]")
        #expect(try response.json["Type"]?.text == "User")
    }

    @Test("with the place where an open list or object began")
    func openScopes() async throws {
        for (payload, reason) in [
            (
                "{",
                "Unexpected end-of-input: expected close marker for Object (start marker at \(Self.origin)1, column: 1])"
            ),
            (" [1}", "Unexpected close marker '}': expected ']' (for Array starting at \(Self.origin)1, column: 2])"),
            ("]", "Unexpected close marker ']': expected '}' (for root starting at \(Self.origin)1])"),
        ] {
            let message = try await send(Array(payload.utf8)).json["message"]?.text ?? ""
            #expect(message.contains("into json: \(reason)\n at "), "\(message)")
        }
    }

    private func send(_ payload: [UInt8]) async throws -> TestResponse {
        try await APITester(InvokeTests.service()).server.application().test(.router) { client in
            try await client.execute(uri: InvokeTests.path, method: .post, body: ByteBuffer(bytes: payload))
        }
    }
}
