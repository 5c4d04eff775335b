internal import Basics
internal import Crypto

/// What of an HTTP request a signature is about.
package struct SignedRequest: Sendable {
    package var method: String
    /// As it stands in the request line, up to the question mark.
    package var path: String
    /// As it stands in the request line, after the question mark.
    package var query: String
    /// `host` among them; a name may come more than once.
    package var headers: [(name: String, value: String)]
    package var payload: PayloadHash

    package init(
        method: String, path: String, query: String = "", headers: [(name: String, value: String)],
        payload: PayloadHash = .empty
    ) {
        self.method = method
        self.path = path.isEmpty ? "/" : path
        self.query = query
        self.headers = headers
        self.payload = payload
    }

    /// The values of a header as they were sent.
    package func values(of name: String) -> [String] {
        headers.filter { $0.name.lowercased() == name }.map(\.value)
    }
}

/// What a signature says of the body.
package struct PayloadHash: Sendable, Hashable {
    /// What the canonical request ends with.
    package let text: String

    package init(text: String) { self.text = text }

    package init(of body: some Collection<UInt8>) {
        var hash = SHA256()
        if body.withContiguousStorageIfAvailable({ hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }) == nil {
            hash.update(data: Array(body))
        }
        text = Hexadecimal.text(hash.finalize())
    }

    package static let empty = PayloadHash(of: [])
    /// The body is not signed: HTTPS has to protect it.
    package static let unsigned = PayloadHash(text: "UNSIGNED-PAYLOAD")
    /// `aws-chunked`, each chunk with a signature of its own.
    package static let streaming = PayloadHash(text: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
    /// The same, with signed trailers.
    package static let streamingWithTrailer = PayloadHash(text: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER")
    /// `aws-chunked` without signatures, with trailers.
    package static let unsignedWithTrailer = PayloadHash(text: "STREAMING-UNSIGNED-PAYLOAD-TRAILER")

    /// Whether it is the hash of the bytes that are sent, and not a word for how they are.
    package var isDigest: Bool { Hexadecimal.isText(text, count: 64) }
}

/// How a service wants paths in signatures.
package enum PathStyle: Sendable {
    /// Everybody but S3: without `.` and `..`, and encoded once more than they are sent.
    case normalized
    /// S3: as they are sent.
    case verbatim

    package init(service: String) { self = service == "s3" ? .verbatim : .normalized }
}

/// The text that is hashed and signed.
struct CanonicalRequest {
    let text: String

    /// - Parameter signedHeaders: in lower case, sorted.
    init(_ request: SignedRequest, signedHeaders: [String], omitting omitted: String? = nil, paths: PathStyle) {
        let path =
            switch paths {
            case .normalized: URIText.encoded(URIText.normalized(request.path), keepingSlashes: true)
            case .verbatim: URIText.encoded(URIText.decoded(request.path), keepingSlashes: true)
            }
        var lines = [request.method, path, Self.query(request.query, omitting: omitted)]
        for name in signedHeaders {
            lines.append("\(name):\(request.values(of: name).map(Self.trimmed).joined(separator: ","))")
        }
        lines.append("")
        lines.append(signedHeaders.joined(separator: ";"))
        lines.append(request.payload.text)
        text = lines.joined(separator: "\n")
    }

    private static func query(_ query: String, omitting omitted: String?) -> String {
        let items = URIText.items(of: query).filter { $0.name != omitted }
        return items.map { (URIText.encoded($0.name), URIText.encoded($0.value)) }
            .sorted { Array($0.0.utf8) == Array($1.0.utf8) ? precedes($0.1, $1.1) : precedes($0.0, $1.0) }
            .map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }

    /// By bytes, as AWS sorts, and not by characters.
    private static func precedes(_ one: String, _ other: String) -> Bool {
        one.utf8.lexicographicallyPrecedes(other.utf8)
    }

    /// Without space around it, and with one space for many inside.
    private static func trimmed(_ value: String) -> String {
        value.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r\n" }).joined(separator: " ")
    }
}

/// The hash of a body that arrives in pieces.
package struct PayloadHasher: Sendable {
    private var hash = SHA256()

    package init() {}

    package mutating func update(_ bytes: UnsafeRawBufferPointer) { hash.update(bufferPointer: bytes) }

    package func finish() -> PayloadHash { PayloadHash(text: Hexadecimal.text(hash.finalize())) }
}
