internal import Basics
internal import Crypto

/// Reads a body in chunks (`aws-chunked`), as one of the `STREAMING-…` forms of ``PayloadHash``: gives on what is in the chunks, and
/// checks the signature of each at its end, those of the trailers behind the last. Nobody may act on what it gave before
/// ``finish()`` returned.
package struct ChunkedPayload: Sendable {
    private enum Place {
        /// The line in front of a chunk.
        case header([UInt8])
        /// So many bytes of a chunk are still to come.
        case data(Int)
        /// The line feed behind a chunk.
        case end([UInt8])
        /// What is behind the last chunk.
        case trailers([UInt8])
        case done
    }

    /// Nil where chunks have no signatures.
    private var signer: ChunkSigner?
    private let hasTrailers: Bool
    private var place = Place.header([])
    /// Of the chunk that is being read.
    private var signature = ""
    /// Whether it is the last, which is empty.
    private var isLast = false
    private var hash = SHA256()

    /// More than a size and a signature need, and more than trailers do.
    private static let longestLine = 1_024
    private static let longestTrailers = 16_384

    /// - Parameters:
    ///   - form: what the request says its payload is.
    ///   - signer: after the request's own signature.
    /// - Returns: nil when the payload has no such form.
    package init?(_ form: PayloadHash, signer: ChunkSigner) {
        switch form {
        case .streaming: (self.signer, hasTrailers) = (signer, false)
        case .streamingWithTrailer: (self.signer, hasTrailers) = (signer, true)
        case .unsignedWithTrailer: (self.signer, hasTrailers) = (nil, true)
        default: return nil
        }
    }

    /// The part of the payload that is in these bytes of the body.
    package mutating func read(_ bytes: some Collection<UInt8>) throws(SignatureError) -> [UInt8] {
        var rest = Array(bytes)[...]
        var payload: [UInt8] = []
        while let next = rest.first {
            switch place {
            case .data(let count):
                let part = rest.prefix(count)
                hash.update(data: Array(part))
                payload += part
                rest = rest.dropFirst(part.count)
                place = part.count == count ? .end([]) : .data(count - part.count)
            case .header(let line):
                rest = rest.dropFirst()
                try readHeader(line + [next])
            case .end(let line):
                rest = rest.dropFirst()
                try readEnd(line + [next])
            case .trailers(let lines):
                rest = rest.dropFirst()
                try readTrailers(lines + [next])
            case .done: throw .malformedChunks
            }
        }
        return payload
    }

    /// Throws unless the last chunk, and what belongs behind it, has come.
    package func finish() throws(SignatureError) {
        guard case .done = place else { throw .malformedChunks }
    }

    private mutating func readHeader(_ line: [UInt8]) throws(SignatureError) {
        guard line.count <= Self.longestLine else { throw .malformedChunks }
        guard line.last == UInt8(ascii: "\n") else { return place = .header(line) }
        let fields = String(decoding: line, as: UTF8.self).split(separator: ";").map { $0.filter { !$0.isWhitespace } }
        guard line.suffix(2) == Self.lineEnd, let digits = fields.first, (1...9).contains(digits.utf8.count),
            digits.utf8.allSatisfy({ Hexadecimal.value(of: $0) != nil }), let size = Int(digits, radix: 16)
        else { throw .malformedChunks }
        let name = "chunk-signature="
        signature = fields.dropFirst().first { $0.hasPrefix(name) }.map { String($0.dropFirst(name.count)) } ?? ""
        hash = SHA256()
        isLast = size == 0
        if !isLast { return place = .data(size) }
        try checkChunk()
        place = hasTrailers ? .trailers([]) : .end([])
    }

    private mutating func readEnd(_ line: [UInt8]) throws(SignatureError) {
        guard line.count == Self.lineEnd.count else { return place = .end(line) }
        guard line == Self.lineEnd else { throw .malformedChunks }
        if !isLast { try checkChunk() }
        place = isLast ? .done : .header([])
    }

    private mutating func checkChunk() throws(SignatureError) {
        let digest = Hexadecimal.text(hash.finalize())
        guard signer == nil || signer?.verify(signature, ofHash: digest) == true else { throw .mismatch }
    }

    private mutating func readTrailers(_ lines: [UInt8]) throws(SignatureError) {
        guard lines.count <= Self.longestTrailers else { throw .malformedChunks }
        guard lines == Self.lineEnd || lines.suffix(4) == Self.lineEnd + Self.lineEnd else {
            return place = .trailers(lines)
        }
        place = .done
        guard signer != nil else { return }
        let name = "x-amz-trailer-signature:"
        let all = String(decoding: lines, as: UTF8.self).split(whereSeparator: \.isNewline)
        let signed = all.filter { !$0.hasPrefix(name) }.map { "\($0)\n" }.joined()
        let signature = all.first { $0.hasPrefix(name) }.map { String($0.dropFirst(name.count)) } ?? ""
        guard signer?.verify(signature, ofTrailers: signed) == true else { throw .mismatch }
    }

    private static let lineEnd = Array("\r\n".utf8)
}
