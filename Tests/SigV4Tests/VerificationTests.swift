import SigV4
import Testing

@Suite struct VerificationTests {
    static let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    static let time = SigningTime(seconds: 1_800_000_000)
    static let signer = RequestSigner(
        credentials: SigningCredentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: secret), region: "eu-west-1",
        service: "lambda")

    static let plain = SignedRequest(
        method: "POST", path: "/2015-03-31/functions/arn%3Aaws%3Alambda/invocations", query: "Qualifier=%24LATEST",
        headers: [("host", "127.0.0.1:9000"), ("content-type", "application/json"), ("x-amz-log-type", "Tail")],
        payload: PayloadHash(of: Array("{}".utf8)))

    static func signed(_ request: SignedRequest = plain) -> SignedRequest {
        var request = request
        request.headers += signer.headers(for: request, at: time)
        return request
    }

    static func presigned(seconds: Int = 60) -> SignedRequest {
        var request = SignedRequest(method: "GET", path: "/code/a", query: "b=1", headers: [("host", "a")])
        request.query = signer.presignedQuery(for: request, at: time, validSeconds: seconds)
        return request
    }

    static func verify(_ request: SignedRequest, secret: String = secret, at now: SigningTime = time) throws {
        let claim = try #require(try SignatureClaim(request))
        try claim.verify(request, secretAccessKey: secret, at: now)
    }

    struct Tampering: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var change: @Sendable (inout SignedRequest) -> Void
        var error = SignatureError.mismatch
    }

    static let tampered: [Tampering] = [
        Tampering(testDescription: "another method") { $0.method = "PUT" },
        Tampering(testDescription: "another path") { $0.path += "/x" },
        Tampering(testDescription: "another query") { $0.query = "Qualifier=1" },
        Tampering(testDescription: "no query") { $0.query = "" },
        Tampering(testDescription: "one more parameter") { $0.query += "&x=" },
        Tampering(testDescription: "another body") { $0.payload = PayloadHash(of: Array("{ }".utf8)) },
        Tampering(testDescription: "no hash of the body") { $0.payload = .unsigned },
        Tampering(testDescription: "another host") { $0.headers[0].value = "127.0.0.2:9000" },
        Tampering(testDescription: "another value") { $0.headers[2].value = "None" },
        Tampering(testDescription: "a signed header that is missing") { $0.headers.remove(at: 1) },
        Tampering(testDescription: "a second value") { $0.headers.append(("Content-Type", "text/plain")) },
        Tampering(
            testDescription: "a header of AWS's that is not signed",
            change: { $0.headers.append(("X-Amz-Target", "A")) },
            error: .unsignedHeader("x-amz-target")),
    ]

    @Test("what was signed holds; in capitals, with other headers, and later on the same minute too")
    func holds() throws {
        try Self.verify(Self.signed())
        var request = Self.signed()
        request.headers = request.headers.map { ($0.name.uppercased(), $0.value) } + [("user-agent", "x")]
        try Self.verify(request, at: Self.time.later(by: 59))
        try Self.verify(Self.presigned())
    }

    @Test("what was changed after it was signed does not hold", arguments: tampered)
    func tampering(_ row: Tampering) throws {
        var request = Self.signed()
        row.change(&request)
        #expect(throws: row.error) { try Self.verify(request) }
    }

    @Test("another secret does not hold")
    func otherSecret() throws {
        #expect(throws: SignatureError.mismatch) { try Self.verify(Self.signed(), secret: Self.secret + "x") }
        #expect(throws: SignatureError.mismatch) { try Self.verify(Self.presigned(), secret: "") }
    }

    @Test("a signature is good for 5 minutes in both directions", arguments: [-301, -300, 0, 300, 301])
    func skew(seconds: Int) throws {
        let now = Self.time.later(by: seconds)
        guard abs(seconds) > 300 else { return try Self.verify(Self.signed(), at: now) }
        #expect(throws: SignatureError.self) { try Self.verify(Self.signed(), at: now) }
    }

    @Test("an expired signature is told as AWS tells it")
    func expired() throws {
        let error = #expect(throws: SignatureError.self) {
            try Self.verify(Self.signed(), at: Self.time.later(by: 301))
        }
        #expect(
            error?.description
                == "Signature expired: 20270115T080000Z is now earlier than 20270115T080001Z (20270115T080501Z - 5 min.)"
        )
    }

    @Test(
        "a presigned URL is good for as long as it says",
        arguments: [(-301, false), (0, true), (60, true), (61, false)])
    func expiry(seconds: Int, isGood: Bool) throws {
        let now = Self.time.later(by: seconds)
        if isGood {
            try Self.verify(Self.presigned(), at: now)
        } else {
            #expect(throws: SignatureError.self) { try Self.verify(Self.presigned(), at: now) }
        }
    }

    @Test("a URL's validity cannot be changed, nor be longer than a week")
    func validity() throws {
        var request = Self.presigned()
        request.query = request.query.replacing("X-Amz-Expires=60", with: "X-Amz-Expires=61")
        #expect(throws: SignatureError.mismatch) { try Self.verify(request) }
        for seconds in [0, -1, 604_801] {
            #expect(throws: SignatureError.invalidValidity("\(seconds)")) {
                try Self.verify(Self.presigned(seconds: seconds))
            }
        }
    }

    @Test("a request without a signature has no claim")
    func none() throws {
        #expect(try SignatureClaim(Self.plain) == nil)
    }

    @Test(
        "what is no signature is refused by name",
        arguments: [
            ("Bearer abc", SignatureError.noPair),
            ("", .incomplete(missing: ["Credential", "Signature", "SignedHeaders"])),
            ("AWS4-HMAC-SHA256", .incomplete(missing: ["Credential", "Signature", "SignedHeaders"])),
            ("AWS4-HMAC-SHA256 Credential=a, Signature=b", .incomplete(missing: ["SignedHeaders"])),
            ("AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=b", .invalidCredential),
            (
                "AWS4-HMAC-SHA256 Credential=/20270115/r/s/aws4_request, SignedHeaders=host, Signature=b",
                .invalidCredential
            ),
            (
                "AWS4-HMAC-SHA256 Credential=a/20270114/r/s/aws4_request, SignedHeaders=host, Signature=b",
                .invalidCredential
            ),
            (
                "AWS4-HMAC-SHA256 Credential=a/20270115/r/s/aws4_other, SignedHeaders=host, Signature=b",
                .invalidCredential
            ),
            (
                "AWS4-HMAC-SHA256 Credential=a/20270115/r/s/aws4_request, SignedHeaders=date, Signature=b",
                .unsignedHeader("host")
            ),
            (
                "AWS4-HMAC-SHA256 Credential=a/20270115/r/s/aws4_request, SignedHeaders=host;x-amz-date, Signature=b",
                .mismatch
            ),
            (
                "AWS4-HMAC-SHA256 Credential=a/20270115/r/s/aws4_request, SignedHeaders=host;x-amz-date, Signature="
                    + String(repeating: "A", count: 64), .mismatch
            ),
        ])
    func malformed(authorization: String, error: SignatureError) throws {
        let request = SignedRequest(
            method: "GET", path: "/",
            headers: [("host", "a"), ("x-amz-date", Self.time.stamp), ("authorization", authorization)])
        #expect(throws: error) { try Self.verify(request) }
    }

    @Test(
        "times are read and written",
        arguments: [
            (0, "19700101T000000Z"), (951_782_399, "20000228T235959Z"), (951_782_400, "20000229T000000Z"),
            (1_440_938_160, "20150830T123600Z"), (4_107_542_400, "21000301T000000Z"),
        ])
    func times(seconds: Int, stamp: String) {
        #expect(SigningTime(seconds: seconds).stamp == stamp)
        #expect(SigningTime(stamp: stamp)?.seconds == seconds)
    }

    @Test(
        "what is no time is none",
        arguments: [
            "", "20150830", "20150830T123600", "20150830T123600ZZ", "20151330T123600Z", "20150830 123600Z",
            "20150830T243600Z",
            "２0150830T1236Z",
        ])
    func noTimes(stamp: String) { #expect(SigningTime(stamp: stamp) == nil) }

    /// The example of S3's documentation: 65 kB of `a` in two chunks and an empty one.
    @Test("chunks are signed as AWS's example signs them")
    func chunks() throws {
        let signer = RequestSigner(
            credentials: SigningCredentials(
                accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
            region: "us-east-1", service: "s3")
        let time = try #require(SigningTime(stamp: "20130524T000000Z"))
        let request = SignedRequest(
            method: "PUT", path: "/examplebucket/chunkObject.txt",
            headers: [
                ("host", "s3.amazonaws.com"), ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
                ("content-encoding", "aws-chunked"), ("x-amz-decoded-content-length", "66560"),
                ("content-length", "66824"),
            ], payload: .streaming)
        let authorization = try #require(signer.headers(for: request, at: time).last?.value)
        #expect(authorization.hasSuffix("4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"))
        var chunks = try #require(signer.chunkSigner(after: authorization, at: time))
        var verifier = chunks
        let signatures = [
            "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
            "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
            "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
        ]
        for (count, signature) in zip([65_536, 1_024, 0], signatures) {
            let chunk = [UInt8](repeating: UInt8(ascii: "a"), count: count)
            #expect(chunks.sign(chunk) == signature)
            let isOther = verifier.verify(signature, ofHash: PayloadHash(of: chunk + [0]).text)
            let isIt = verifier.verify(signature, ofHash: PayloadHash(of: chunk).text)
            #expect(!isOther && isIt)
        }
    }
}
