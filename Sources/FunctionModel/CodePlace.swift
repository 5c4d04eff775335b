/// Where a zip is that a request does not bring itself: `S3Bucket`, `S3Key` and `S3ObjectVersion`.
package struct CodePlace: Sendable, Hashable {
    package var bucket: String
    package var key: String
    package var version: String?

    package init(bucket: String, key: String, version: String?) {
        self.bucket = bucket
        self.key = key
        self.version = version
    }
}

/// Code that could not be fetched.
extension LambdaError {
    /// - Parameters:
    ///   - type: the service's own name of why.
    ///   - message: its own words.
    package static func codeRefused(_ type: String, _ message: String) -> Self {
        Self(
            code: .invalidParameterValue,
            message: "Error occurred while GetObject. S3 Error Code: \(type). S3 Error Message: \(message)")
    }

    package static let codePlaceUnknown = Self(
        code: .invalidParameterValue,
        message: """
            This server was not told where S3 is. Start it with --s3-endpoint, or send the zip itself as ZipFile.
            """)

    package static func codeUnreachable(_ detail: String) -> Self {
        Self(code: .invalidParameterValue, message: "The code could not be fetched: \(detail)")
    }
}
