internal import AWSClients
internal import BaseImages
internal import Basics
internal import FunctionModel
internal import FunctionStore
internal import LinuxKit
internal import Logging
internal import SystemPackage

/// Zips on their way in and out: those of functions and of layers.
struct CodeIntake: Sendable {
    let functions: FunctionCatalog
    let files: any FunctionFiles
    let s3: S3Client
    /// Uploads whose zips are read at a time.
    let gate = Gate(limit: 2)
    let logger: Logger

    func begin() -> CodeUpload { CodeUpload(functions.draftCode()) }

    /// The limit is the unzipped size: what AWS says of uploads, 50 MB, is about those that come with the request.
    func fetch(_ place: CodePlace, into upload: CodeUpload) async throws(LambdaError) {
        let object = S3Object(bucket: place.bucket, key: place.key, version: place.version)
        do throws(AWSClientError) {
            try await s3.read(object, limit: Limits.unzippedCode) { piece throws(AWSClientError) in
                let written = await BlockingThread.run { () throws(Never) in
                    piece.withUnsafeBytes { bytes in
                        Result { () throws(LambdaError) in try upload.append(bytes) }
                    }
                }
                if case .failure(let error) = written {
                    throw AWSClientError(.cancelled, .s3, error.description)
                }
            }
        } catch {
            throw Self.refusal(ofFetch: error)
        }
    }

    private static func refusal(ofFetch error: AWSClientError) -> LambdaError {
        switch error.code {
        case .refused(let type, _): .codeRefused(type, error.message)
        case .notConfigured: .codePlaceUnknown
        case .tooLarge: .unzippedTooLarge
        case .unreachable, .badAnswer: .codeUnreachable(error.description)
        case .cancelled: .service(error.message.isEmpty ? error.description : error.message)
        }
    }

    /// Quick checks of an upload, before it is stored; only so many at a time as the gate lets in.
    ///
    /// - Returns: the bytes that it says it unpacks to.
    @discardableResult
    func check(_ zip: CodeUpload) async throws(LambdaError) -> Int {
        if zip.size == 0 { throw .notAZip }
        return try await check(try rethrowing(try zip.draft.path(), as: FunctionCatalog.lambdaError))
    }

    /// The same for what is stored already.
    func check(_ code: CodeReference) async throws(LambdaError) -> Int {
        try await check(try functions.codePath(code))
    }

    private func check(_ path: FilePath) async throws(LambdaError) -> Int {
        let files = files
        return try await gate.pass { () async throws(LambdaError) in
            try await rethrowing(try await files.validate(zip: path), as: Self.refusal(ofUpload:))
        }
    }

    private static func refusal(ofUpload error: ImageError) -> LambdaError {
        switch error {
        case .invalidZip, .pathEscape: .notAZip
        case .tooLarge: .unzippedTooLarge
        case .unknownRuntime, .invalidRecipe, .missing, .notBuilt, .toolMissing, .toolFailed, .noSpace,
            .invalidArchive, .foreignArchive, .unusablePackages, .damaged, .inputOutput, .cancelled:
            .service("\(error)")
        }
    }

    /// Keeps `zip` in the store while `body` makes a function refer to it.
    func storing<R: Sendable>(
        _ zip: CodeUpload, _ body: (CodeReference) async throws(LambdaError) -> R
    ) async throws(LambdaError) -> R {
        let code = try await functions.storeCode(zip.draft)
        let result: Result<R, LambdaError>
        do { result = .success(try await body(code)) } catch { result = .failure(error) }
        await release(code)
        return try result.get()
    }

    func release(_ code: CodeReference) async {
        do { try await functions.releaseCode(code) } catch {
            logger.error("cannot release code", metadata: ["code": "\(code.sha256)", "error": "\(error)"])
        }
    }

    func content(_ code: CodeReference) async throws(LambdaError) -> CodeContent {
        let path = try functions.codePath(code)
        let file = try await BlockingThread.run { () throws(LambdaError) in
            do throws(Errno) { return try OwnedDescriptor.open(path, .readOnly).shared() } catch {
                throw .service("cannot read the code \(path): \(error)")
            }
        }
        return CodeContent(size: code.size) { offset, count throws(LambdaError) in
            var bytes = [UInt8](repeating: 0, count: count)
            let outcome = bytes.withUnsafeMutableBytes { buffer -> Result<Int, Errno> in
                Result { () throws(Errno) in try file.descriptor.read(into: buffer, at: Int64(offset)) }
            }
            switch outcome {
            case .success(let read): return Array(bytes.prefix(read))
            case .failure(let error): throw .service("cannot read the code \(path): \(error)")
            }
        }
    }
}
