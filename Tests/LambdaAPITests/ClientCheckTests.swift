import HTTPTypes
import HummingbirdTesting
import LambdaAPI
import NIOCore
import Testing

@Suite struct ClientCheckTests {
    static let signature = """
        AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/lambda/aws4_request, \
        SignedHeaders=host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7
        """

    @Test(
        "A signature is known by its form",
        arguments: [
            (signature, true),
            (signature.replacing(", ", with: ","), true),
            (signature.replacing("AWS4-HMAC-SHA256", with: "AWS4-ECDSA-P256-SHA256"), true),
            ("", false), ("Bearer token", false), ("Basic dXNlcjpwYXNz", false), ("AWS4-HMAC-SHA256", false),
            ("AWS4-HMAC-SHA256 nonsense", false), ("AWS4-HMAC-SHA256 Credential=a, SignedHeaders=b", false),
            ("AWS4-HMAC-SHA256 Credential=, SignedHeaders=b, Signature=c", false), ("AWS AKID:signature", false),
            (signature + ", stray", false),
        ])
    func form(text: String, expected: Bool) {
        #expect(ClientCheck.isSignature(text) == expected)
    }

    @Test(
        "Signed and unsigned requests are served, others are not",
        arguments: [
            (HTTPFields(), 200), ([.authorization: signature], 200), ([.authorization: "Bearer x"], 403),
            ([.origin: "https://example.com"], 403), ([.origin: "null"], 403),
            ([.authorization: signature, .origin: "http://localhost:3000"], 403),
        ] as [(HTTPFields, Int)])
    func served(headers: HTTPFields, status: Int) async throws {
        let response = try await APITester(FakeLambdaService()).send(.get, "/2015-03-31/functions", headers: headers)
        #expect(response.status.code == status)
        #expect(response.header("x-amzn-ErrorType") == (status == 200 ? nil : "AccessDeniedException"))
    }
}
