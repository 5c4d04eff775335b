import Foundation
import FunctionModel
import Hummingbird
import NIOCore
import Synchronization
import Worker

/// Reads the body of a call that brings a zip: the zip goes to the disk while it arrives, the rest is decoded at the end.
///
/// Decoding, hashing and writing are work for a processor and a disk: they run on threads that nobody waits for who does not
/// upload, a few at a time.
struct UploadReader {
    /// Everything of a body that is not the zip.
    private static let restLimit = 1 << 20

    private final class Progress: Sendable {
        let body: Mutex<UploadBody>
        init(_ body: UploadBody) { self.body = Mutex(body) }
    }

    /// The actions whose members are read here.
    static let operations: Set = ["CreateFunction", "PublishLayerVersion", "UpdateFunctionCode"]

    /// Throws, too, what AWS's service model does not let through.
    ///
    /// - Parameters:
    ///   - path: the members that lead to the zip.
    ///   - upload: where the zip goes.
    static func members<Members: Decodable & Sendable>(
        _ type: Members.Type, of request: Request, _ context: LambdaRequestContext, zipAt path: [String],
        to upload: CodeUpload, operation: String
    ) async throws -> Members {
        let reader = try ServiceModel.lambda.operation(operation).map { try ModelReader($0, request, context) }
        let told = request.headers[.contentLength].flatMap { Int($0) } ?? 0
        guard told <= Limits.uploadRequest else { throw LambdaError.requestTooLarge(operation: operation) }
        let progress = Progress(UploadBody(zipAt: path, limit: restLimit))
        var size = 0
        for try await buffer in request.body {
            size += buffer.readableBytes
            guard size <= Limits.uploadRequest else { throw LambdaError.requestTooLarge(operation: operation) }
            try await BodyThreads.run { try read(buffer, to: upload, progress, path, operation) }
        }
        return try await BodyThreads.run {
            let rest = progress.body.withLock { $0.rest }
            try reader?.check(body: rest)
            return try Request.decoded(type, rest)
        }
    }

    private static func read(
        _ buffer: ByteBuffer, to upload: CodeUpload, _ progress: Progress, _ path: [String], _ operation: String
    ) throws {
        do {
            try progress.body.withLock { body in
                try buffer.withUnsafeReadableBytes { bytes in
                    try body.read(bytes) { zip throws(LambdaError) in
                        guard upload.size + zip.count <= Limits.zippedCode else { throw .zippedTooLarge }
                        try upload.append(zip)
                    }
                }
            }
        } catch let defect as UploadBody.Defect {
            let member = path.joined(separator: ".")
            throw switch defect {
            case .notBase64: LambdaError.bodyIsNotJSON("'\(member)': Encountered Data is not valid Base64.")
            case .repeated: LambdaError.bodyIsNotJSON("'\(member)' is there twice")
            case .tooLarge: LambdaError.requestTooLarge(operation: operation)
            }
        }
    }
}
