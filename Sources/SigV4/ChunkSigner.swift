/// The signatures of a body in chunks (`aws-chunked`): each is over the one before, the first over the request's.
package struct ChunkSigner: Sendable {
    private let key: SigningKey
    private let time: SigningTime
    private var previous: String

    package init(key: SigningKey, time: SigningTime, seed: String) {
        self.key = key
        self.time = time
        previous = seed
    }

    /// The signature of the next chunk; the last one is empty.
    package mutating func sign(_ chunk: some Collection<UInt8>) -> String {
        previous = key.signature(of: text("PAYLOAD", "\(PayloadHash.empty.text)\n\(PayloadHash(of: chunk).text)"))
        return previous
    }

    /// The signature of the trailers, as `name:value` lines that each end with a line feed.
    package mutating func sign(trailers: String) -> String {
        previous = key.signature(of: text("TRAILER", PayloadHash(of: Array(trailers.utf8)).text))
        return previous
    }

    /// Whether `signature` is the next chunk's; goes on to the chunk after it then.
    package mutating func verify(_ signature: String, ofHash hash: String) -> Bool {
        let text = text("PAYLOAD", "\(PayloadHash.empty.text)\n\(hash)")
        guard key.isSignature(signature, of: text) else { return false }
        previous = signature
        return true
    }

    package mutating func verify(_ signature: String, ofTrailers trailers: String) -> Bool {
        guard key.isSignature(signature, of: text("TRAILER", PayloadHash(of: Array(trailers.utf8)).text)) else {
            return false
        }
        previous = signature
        return true
    }

    private func text(_ kind: String, _ rest: String) -> String {
        "\(CredentialScope.algorithm)-\(kind)\n\(time.stamp)\n\(key.scope.text)\n\(previous)\n\(rest)"
    }
}
