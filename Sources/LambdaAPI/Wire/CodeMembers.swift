import FunctionModel
import Worker

/// Where the code is: `Code` of CreateFunction, and members of UpdateFunctionCode's own.
struct CodeMembers: Decodable {
    /// Empty: the zip itself goes another way, see ``UploadReader``.
    var zipFile: String?
    var s3Bucket: String?
    var s3Key: String?
    var imageURI: String?
    var sourceKeyARN: String?

    private enum CodingKeys: String, CodingKey {
        case zipFile = "ZipFile"
        case s3Bucket = "S3Bucket"
        case s3Key = "S3Key"
        case imageURI = "ImageUri"
        case sourceKeyARN = "SourceKMSKeyArn"
    }

    /// Whether there is a zip, of a size that AWS takes.
    func check(_ upload: CodeUpload) throws(LambdaError) {
        guard s3Bucket == nil, s3Key == nil, imageURI == nil, sourceKeyARN == nil else { throw .unservedCode }
        guard zipFile != nil else { throw .codeMissing }
        try FunctionValidation.checkZip(size: upload.size)
    }
}
