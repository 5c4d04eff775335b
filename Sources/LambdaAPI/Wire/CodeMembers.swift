import Foundation
import FunctionModel

/// Where the code is: `Code` of CreateFunction, and members of UpdateFunctionCode's own.
struct CodeMembers: Decodable {
    /// Decoded from base64.
    var zipFile: Data?
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

    /// The zip, if it is one of a size that AWS takes.
    func zip() throws(LambdaError) -> [UInt8] {
        guard s3Bucket == nil, s3Key == nil, imageURI == nil, sourceKeyARN == nil else { throw .unservedCode }
        guard let zipFile else { throw .codeMissing }
        try FunctionValidation.checkZip(size: zipFile.count)
        return [UInt8](zipFile)
    }
}
