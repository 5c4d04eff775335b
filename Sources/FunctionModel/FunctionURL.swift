import struct Foundation.Date

/// An address by which a function, or one of its aliases, is called with plain HTTP.
package struct FunctionURL: Codable, Sendable, Equatable {
    package enum AuthType: String, Codable, Sendable, CaseIterable {
        case none = "NONE"
        case iam = "AWS_IAM"
    }

    package enum InvokeMode: String, Codable, Sendable, CaseIterable {
        case responseStream = "RESPONSE_STREAM"
        case buffered = "BUFFERED"
    }

    /// The first label of its host name: 32 letters and digits.
    package var id: String
    package var functionName: String
    /// An alias; nil for the function itself.
    package var qualifier: String?
    package var authType: AuthType
    /// Nil as long as nobody chose: `BUFFERED`.
    package var invokeMode: InvokeMode?
    package var cors: CORS?
    package var created: Date
    package var lastModified: Date

    package init(
        id: String, functionName: String, qualifier: String?, authType: AuthType, invokeMode: InvokeMode?, cors: CORS?,
        created: Date, lastModified: Date
    ) {
        self.id = id
        self.functionName = functionName
        self.qualifier = qualifier
        self.authType = authType
        self.invokeMode = invokeMode
        self.cors = cors
        self.created = created
        self.lastModified = lastModified
    }

    package static func makeID() -> String {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789")
        return String((0..<idLength).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] })
    }

    /// Whether a text has the form of an id.
    package static func isID(_ text: some StringProtocol) -> Bool {
        text.utf8.count == idLength && text.utf8.allSatisfy { $0.isLowercase || $0.isDigit }
    }

    private static let idLength = 32
}

/// Which web pages may call a function URL, and how.
package struct CORS: Codable, Sendable, Equatable {
    package var allowCredentials: Bool?
    package var allowHeaders: [String]?
    package var allowMethods: [String]?
    package var allowOrigins: [String]?
    package var exposeHeaders: [String]?
    /// Seconds.
    package var maxAge: Int?

    package init() {}

    package enum CodingKeys: String, CodingKey {
        case allowCredentials = "AllowCredentials"
        case allowHeaders = "AllowHeaders"
        case allowMethods = "AllowMethods"
        case allowOrigins = "AllowOrigins"
        case exposeHeaders = "ExposeHeaders"
        case maxAge = "MaxAge"
    }
}
