/// `Environment`, in requests and responses.
struct EnvironmentShape: Codable {
    var variables: [String: String]?

    private enum CodingKeys: String, CodingKey {
        case variables = "Variables"
    }
}

/// `TracingConfig`, in requests and responses.
struct TracingConfigShape: Codable {
    var mode: String?

    private enum CodingKeys: String, CodingKey {
        case mode = "Mode"
    }
}

/// `EphemeralStorage`, in requests and responses.
struct EphemeralStorageShape: Codable {
    /// Megabytes.
    var size: Int?

    private enum CodingKeys: String, CodingKey {
        case size = "Size"
    }
}
