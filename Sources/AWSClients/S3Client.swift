internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import SigV4

/// An object of S3.
package struct S3Object: Sendable, Hashable {
    package var bucket: String
    package var key: String
    package var version: String?

    package init(bucket: String, key: String, version: String? = nil) {
        self.bucket = bucket
        self.key = key
        self.version = version
    }
}

/// Amazon S3, or what speaks like it; buckets are named in the path.
package struct S3Client: Sendable {
    private let connection: AWSConnection

    package init(_ connection: AWSConnection) { self.connection = connection }

    /// The size of an object, in bytes.
    package func size(of object: S3Object) async throws(AWSClientError) -> Int {
        let answer = try await connection.answer(call("HEAD", object), to: .s3)
        guard answer.isSuccess else { throw XMLText.refusal(answer, of: .s3) }
        guard let size = answer.headers.first(name: "content-length").flatMap({ Int($0) }) else {
            throw AWSClientError(.badAnswer, .s3, "the size of \(object.key) is missing")
        }
        return size
    }

    /// Reads an object, piece by piece.
    ///
    /// - Parameters:
    ///   - limit: larger objects are refused with `tooLarge`, before or while they arrive.
    ///   - take: is given each piece, and waited for. What it throws ends the reading.
    package func read(
        _ object: S3Object, limit: Int, _ take: @escaping @Sendable ([UInt8]) async throws(AWSClientError) -> Void
    ) async throws(AWSClientError) {
        try await connection.send(call("GET", object), to: .s3) { response in
            guard response.status.code == 200 else {
                throw XMLText.refusal(try await AWSAnswer(response, from: .s3, limit: 65_536), of: .s3)
            }
            let tooLarge = AWSClientError(.tooLarge, .s3, "\(object.key) has more than \(limit) bytes")
            let told = response.headers.first(name: "content-length").flatMap { Int($0) }
            if let told, told > limit { throw tooLarge }
            var received = 0
            for try await part in response.body {
                received += part.readableBytes
                guard received <= limit else { throw tooLarge }
                try await take(Array(part.readableBytesView))
            }
            if let told, received != told {
                throw AWSClientError(.unreachable, .s3, "\(received) of \(told) bytes of \(object.key) arrived")
            }
        }
    }

    private func call(_ method: String, _ object: S3Object) -> AWSConnection.Call {
        var call = AWSConnection.Call()
        call.method = method
        call.path = "/\(URIText.encoded(object.bucket))/\(URIText.encoded(object.key, keepingSlashes: true))"
        if let version = object.version { call.query = "versionId=\(URIText.encoded(version))" }
        return call
    }
}
