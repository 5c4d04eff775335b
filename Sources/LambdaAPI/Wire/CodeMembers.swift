import FunctionModel
import Worker

/// Where the code is: `Code` of CreateFunction, and members of UpdateFunctionCode's own.
struct CodeMembers: Decodable {
    /// Empty: the zip itself goes another way, see ``UploadReader``.
    var zipFile: String?
    var s3Bucket: String?
    var s3Key: String?
    var s3ObjectVersion: String?
    var imageURI: String?
    var sourceKeyARN: String?

    private enum CodingKeys: String, CodingKey {
        case zipFile = "ZipFile"
        case s3Bucket = "S3Bucket"
        case s3Key = "S3Key"
        case s3ObjectVersion = "S3ObjectVersion"
        case imageURI = "ImageUri"
        case sourceKeyARN = "SourceKMSKeyArn"
    }

    /// Where the zip is to be fetched; nil when the request brings it.
    var place: CodePlace? {
        guard let s3Bucket, let s3Key else { return nil }
        return CodePlace(bucket: s3Bucket, key: s3Key, version: s3ObjectVersion)
    }

    var hasZip: Bool { zipFile != nil || s3Bucket != nil || s3Key != nil }

    /// Whether there is what the function's code is to be: an image, or a zip.
    func check(_ upload: CodeUpload, isImage: Bool, action: String) throws(LambdaError) {
        if isImage {
            guard imageURI != nil else { throw .imageMissing(action) }
            if hasZip { throw .zipForImage(action) }
        } else {
            // An image by itself is no source for a function that is none.
            if imageURI != nil, hasZip { throw .imageForZip(action) }
            try checkZip(upload)
        }
    }

    /// Whether there is a zip, of a size that AWS takes, or a place to fetch it from.
    func checkZip(_ upload: CodeUpload) throws(LambdaError) {
        guard sourceKeyARN == nil else { throw .unservedCode }
        if zipFile == nil, place != nil { return }
        guard s3Bucket == nil, s3Key == nil else { throw .codeMissing }
        guard zipFile != nil else { throw .codeMissing }
        try FunctionValidation.checkZip(size: upload.size)
    }
}
