import FunctionModel

/// GetFunction's answer.
struct GetFunctionShape: Encodable {
    var configuration: FunctionConfigurationShape
    var code: CodeLocation
    /// Left out when there are none.
    var tags: [String: String]?
    /// Left out when nothing is reserved.
    var concurrency: ConcurrencyShape?

    struct CodeLocation: Encodable {
        /// `S3` or `ECR` on AWS, whose clients show it, and follow `Location` of the first.
        let repositoryType: String
        /// Where the zip can be had with a plain GET.
        var location: String?
        var imageURI: String?
        var resolvedImageURI: String?

        init(location: String) {
            repositoryType = "S3"
            self.location = location
        }

        init(_ image: FunctionImage) {
            repositoryType = "ECR"
            imageURI = image.uri
            resolvedImageURI = image.resolvedURI
        }

        private enum CodingKeys: String, CodingKey {
            case repositoryType = "RepositoryType"
            case location = "Location"
            case imageURI = "ImageUri"
            case resolvedImageURI = "ResolvedImageUri"
        }
    }

    private enum CodingKeys: String, CodingKey {
        case configuration = "Configuration"
        case code = "Code"
        case tags = "Tags"
        case concurrency = "Concurrency"
    }
}

struct ListFunctionsShape: Encodable {
    var functions: [FunctionConfigurationShape]
    var nextMarker: String?

    private enum CodingKeys: String, CodingKey {
        case functions = "Functions"
        case nextMarker = "NextMarker"
    }
}

struct ListVersionsShape: Encodable {
    var versions: [FunctionConfigurationShape]
    var nextMarker: String?

    private enum CodingKeys: String, CodingKey {
        case versions = "Versions"
        case nextMarker = "NextMarker"
    }
}
