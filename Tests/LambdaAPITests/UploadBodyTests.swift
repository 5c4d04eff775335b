import LambdaAPI
import Testing

/// The zip in the body of an upload is found wherever the body is cut, and everything else is left to the decoder.
@Suite struct UploadBodyTests {
    /// What becomes of a body that arrives in pieces of this size.
    private func read(_ body: String, at path: [String], pieces: Int, limit: Int = 4096) throws -> (
        rest: String, zip: String?
    ) {
        var reader = UploadBody(zipAt: path, limit: limit)
        var zip: [UInt8] = []
        let bytes = Array(body.utf8)
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            try bytes[start..<min(start + pieces, bytes.count)].withUnsafeBytes { piece in
                try reader.read(piece) { zip += $0 }
            }
        }
        return (
            String(decoding: reader.rest, as: UTF8.self), reader.hasZip ? String(decoding: zip, as: UTF8.self) : nil
        )
    }

    static let create = ["Code", "ZipFile"]

    /// Path, body, what is left of it, the zip.
    static let bodies: [([String], String, String, String?)] = [
        (create, #"{"Code":{"ZipFile":"aGVsbG8="},"X":1}"#, #"{"Code":{"ZipFile":""},"X":1}"#, "hello"),
        (
            create, #"{ "Code" : { "A":1, "ZipFile" : "aGVsbG8=" } }"#, #"{ "Code" : { "A":1, "ZipFile" : "" } }"#,
            "hello"
        ),
        (create, #"{"Code":{"ZipFile":""}}"#, #"{"Code":{"ZipFile":""}}"#, ""),
        (create, #"{"Code":{"ZipFile":null}}"#, #"{"Code":{"ZipFile":null}}"#, nil),
        (create, #"{"Code":{"ZipFile":7}}"#, #"{"Code":{"ZipFile":7}}"#, nil),
        (create, #"{"Code":{"ZipFile":["aGVsbG8="]}}"#, #"{"Code":{"ZipFile":["aGVsbG8="]}}"#, nil),
        (create, #"{"Code":{"Zip\u0046ile":"aGVsbG8="}}"#, #"{"Code":{"Zip\u0046ile":""}}"#, "hello"),
        (create, #"{"Code":{"ZipFile":"aGVs\u0062G8="}}"#, #"{"Code":{"ZipFile":""}}"#, "hello"),
        (create, #"{"Code":{"ZipFile":"Pz8\/"}}"#, #"{"Code":{"ZipFile":""}}"#, "???"),
        (create, #"{"ZipFile":"aGVsbG8="}"#, #"{"ZipFile":"aGVsbG8="}"#, nil),
        (create, #"{"Code":["ZipFile","aGVsbG8="]}"#, #"{"Code":["ZipFile","aGVsbG8="]}"#, nil),
        (create, #"{"X":{"ZipFile":"!"},"Code":{}}"#, #"{"X":{"ZipFile":"!"},"Code":{}}"#, nil),
        (create, #"{"Code":{"Y":{"ZipFile":"!"}}}"#, #"{"Code":{"Y":{"ZipFile":"!"}}}"#, nil),
        (create, #"{"D":"{\"Code\":{\"ZipFile\":\"!\"}}"}"#, #"{"D":"{\"Code\":{\"ZipFile\":\"!\"}}"}"#, nil),
        (create, #"{"D":"\\","Code":{"ZipFile":"aGVsbG8="}}"#, #"{"D":"\\","Code":{"ZipFile":""}}"#, "hello"),
        (["ZipFile"], #"{"ZipFile":"aGVsbG8=","Publish":true}"#, #"{"ZipFile":"","Publish":true}"#, "hello"),
        (["ZipFile"], #"[{"ZipFile":"!"}]"#, #"[{"ZipFile":"!"}]"#, nil),
        (["ZipFile"], #"{"ZipFile" "aGVsbG8="}"#, #"{"ZipFile" "aGVsbG8="}"#, nil),
        (["ZipFile"], #"}}}]{"ZipFile":"#, #"}}}]{"ZipFile":"#, nil), (["ZipFile"], "", "", nil),
        (["ZipFile"], #"{"ZipFile":"aGVs"#, #"{"ZipFile":""# + "\"", "hel"),
    ]

    @Test("the zip is taken out, and nothing else", arguments: bodies)
    func takesOut(path: [String], body: String, rest: String, zip: String?) throws {
        for pieces in 1...body.utf8.count + 1 {
            let found = try read(body, at: path, pieces: pieces)
            #expect(found.rest == rest && found.zip == zip, "in pieces of \(pieces)")
        }
    }

    @Test(
        "a zip that is none, or is there twice, and more of the rest than may be are refused",
        arguments: [
            (#"{"ZipFile":"***"}"#, UploadBody.Defect.notBase64), (#"{"ZipFile":"aGVsbG8"}"#, .notBase64),
            (#"{"ZipFile":"aGVs\nbG8="}"#, .notBase64), (#"{"ZipFile":"aGVs\u00e9"}"#, .notBase64),
            (#"{"ZipFile":"aGVs\u00"}"#, .notBase64), (#"{"ZipFile":"aGVs\"}"#, .notBase64),
            (#"{"ZipFile":"","ZipFile":""}"#, .repeated),
            (#"{"D":""# + String(repeating: "x", count: 64), .tooLarge), (String(repeating: "[", count: 65), .tooLarge),
        ])
    func refuses(body: String, defect: UploadBody.Defect) {
        for pieces in [1, 2, 5, 4096] {
            #expect(throws: defect) { try read(body, at: ["ZipFile"], pieces: pieces, limit: 64) }
        }
    }
}
