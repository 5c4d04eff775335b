import SigV4
import Testing

/// Bodies in chunks, as a service reads them.
@Suite struct ChunkedPayloadTests {
    static let time = SigningTime(seconds: 1_800_000_000)

    static func signer() throws -> ChunkSigner {
        let credentials = SigningCredentials(accessKeyID: "AKID", secretAccessKey: "0123456789abcdef")
        let signer = RequestSigner(credentials: credentials, region: "eu-west-1", service: "lambda")
        return try #require(
            signer.chunkSigner(after: "Signature=" + String(repeating: "0", count: 64), at: time))
    }

    /// A body of these chunks and an empty one, as a client sends it.
    static func body(_ chunks: [String], _ form: PayloadHash, trailers: [String] = []) throws -> String {
        var signer = try signer()
        var body = ""
        for chunk in chunks + [""] {
            let size = String(chunk.utf8.count, radix: 16)
            let signature = form == .unsignedWithTrailer ? "" : ";chunk-signature=\(signer.sign(Array(chunk.utf8)))"
            body += "\(size)\(signature)\r\n" + (chunk.isEmpty ? "" : "\(chunk)\r\n")
        }
        body += trailers.map { "\($0)\r\n" }.joined()
        if form == .streamingWithTrailer {
            body += "x-amz-trailer-signature:\(signer.sign(trailers: trailers.map { "\($0)\n" }.joined()))\r\n"
        }
        return body + "\r\n"
    }

    static func read(_ body: String, _ form: PayloadHash, by size: Int = .max) throws -> String {
        var reader = try #require(ChunkedPayload(form, signer: signer()))
        var (rest, payload) = (Array(body.utf8)[...], [UInt8]())
        while !rest.isEmpty {
            payload += try reader.read(rest.prefix(size))
            rest = rest.dropFirst(min(size, rest.count))
        }
        try reader.finish()
        return String(decoding: payload, as: UTF8.self)
    }

    static let forms: [(PayloadHash, [String])] = [
        (.streaming, []), (.streamingWithTrailer, ["x-amz-checksum-crc32:AAAAAA=="]),
        (.unsignedWithTrailer, ["x-amz-checksum-crc32:AAAAAA=="]),
    ]

    @Test("a body is what is in its chunks, in whatever pieces it comes", arguments: forms, [1, 2, 7, Int.max])
    func whole(form: (PayloadHash, [String]), size: Int) throws {
        let chunks = ["0;chunk\r\n", String(repeating: "a", count: 300), "\r\n\r\n"]
        let body = try Self.body(chunks, form.0, trailers: form.1)
        #expect(try Self.read(body, form.0, by: size) == chunks.joined())
        #expect(try Self.read(Self.body([], form.0, trailers: form.1), form.0, by: size) == "")
    }

    @Test("a byte that is changed, and a body that is cut, are found", arguments: forms)
    func changed(form: (PayloadHash, [String])) throws {
        let body = try Self.body(["abc", "def"], form.0, trailers: form.1)
        for end in 0..<body.utf8.count {
            let cut = String(decoding: Array(body.utf8).prefix(end), as: UTF8.self)
            #expect(throws: SignatureError.self, "\(end)") { try Self.read(cut, form.0) }
        }
        #expect(throws: SignatureError.malformedChunks) { try Self.read(body + "x", form.0) }
        guard form.0 != .unsignedWithTrailer else { return }
        #expect(throws: SignatureError.mismatch) { try Self.read(body.replacing("abc", with: "abd"), form.0) }
        #expect(throws: SignatureError.mismatch) {
            try Self.read(body.replacing("chunk-signature", with: "other"), form.0)
        }
        if form.0 == .streamingWithTrailer {
            #expect(throws: SignatureError.mismatch) {
                try Self.read(body.replacing("AAAAAA==", with: "AAAAAB=="), form.0)
            }
        }
    }

    @Test(
        "what is no chunk is refused",
        arguments: [
            "x\r\n", "-1\r\n", "\r\n", ";chunk-signature=a\r\n", "0\n\r\n", "ffffffffffffffffff\r\n", "1\r\naa\r\n",
            String(repeating: "0", count: 2_000),
        ])
    func malformed(body: String) {
        #expect(throws: SignatureError.malformedChunks) { try Self.read(body, .unsignedWithTrailer) }
    }

    @Test("only the forms of chunks are")
    func others() throws {
        for form in [PayloadHash.empty, .unsigned, PayloadHash(text: "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD")] {
            #expect(try ChunkedPayload(form, signer: Self.signer()) == nil)
        }
    }
}
