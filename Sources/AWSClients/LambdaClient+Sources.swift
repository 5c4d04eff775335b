/// What calls a function: its URL, and queues.
extension LambdaClient {
    package struct URLSettings: Encodable, Sendable {
        package struct CORS: Encodable, Sendable {
            var allowCredentials: Bool
            var allowHeaders: [String]?
            var allowMethods: [String]?
            var allowOrigins: [String]?
            var exposeHeaders: [String]?
            var maxAge: Int?

            package init(
                allowCredentials: Bool, allowHeaders: [String]?, allowMethods: [String]?, allowOrigins: [String]?,
                exposeHeaders: [String]?, maxAge: Int?
            ) {
                self.allowCredentials = allowCredentials
                self.allowHeaders = allowHeaders
                self.allowMethods = allowMethods
                self.allowOrigins = allowOrigins
                self.exposeHeaders = exposeHeaders
                self.maxAge = maxAge
            }
        }

        var authType: String
        package var invokeMode: String?
        package var cors: CORS?

        /// - Parameter authType: `NONE` or `AWS_IAM`.
        package init(authType: String) { self.authType = authType }
    }

    /// Gives a function or one of its aliases a URL, or changes the one it has; everybody may call it where its AuthType is NONE.
    package func set(
        url settings: URLSettings, of name: String, qualifier: String?
    ) async throws(AWSClientError) -> String {
        struct Output: Decodable { var functionUrl: String }
        struct Permission: Encodable {
            var statementId = "FunctionURLAllowPublicAccess"
            var action = "lambda:InvokeFunctionUrl"
            var principal = "*"
            var functionUrlAuthType = "NONE"
        }
        let (place, query) = (Self.path(name, in: "/2021-10-31/functions") + "/url", Self.query(qualifier))
        let url: Output
        do {
            url = try await call("POST", place, query: query, body: settings, as: Output.self)
        } catch {
            guard error.refusal == "ResourceConflictException" else { throw error }
            url = try await call("PUT", place, query: query, body: settings, as: Output.self)
        }
        guard settings.authType == "NONE" else { return url.functionUrl }
        struct Statement: Decodable { var statement: String }
        do {
            _ = try await call(
                "POST", "\(Self.path(name))/policy", query: query, body: Permission(), as: Statement.self)
        } catch {
            // It is there from the last time.
            guard error.refusal == "ResourceConflictException" else { throw error }
        }
        return url.functionUrl
    }

    package struct QueueSettings: Encodable, Sendable {
        package let eventSourceArn: String
        package var batchSize: Int?
        package var enabled: Bool?
        package var maximumBatchingWindowInSeconds: Int?
        package var functionResponseTypes: [String]?
        fileprivate var functionName: String?

        package init(eventSourceArn: String) { self.eventSourceArn = eventSourceArn }
    }

    /// Has a queue's messages go to a function or one of its aliases, or changes how they do.
    package func connect(
        _ queue: QueueSettings, to name: String, qualifier: String?
    ) async throws(AWSClientError) {
        struct Mapping: Decodable {
            enum CodingKeys: String, CodingKey { case id = "uUID" }
            var id: String
        }
        struct Page: Decodable { var eventSourceMappings: [Mapping] }
        /// What can be changed of one that exists.
        struct Changes: Encodable {
            var functionName: String
            var batchSize: Int?
            var enabled: Bool?
            var maximumBatchingWindowInSeconds: Int?
            var functionResponseTypes: [String]?
        }
        let place = "/2015-03-31/event-source-mappings"
        let function = qualifier.map { "\(name):\($0)" } ?? name
        let query = "EventSourceArn=\(Self.encoded(queue.eventSourceArn))&FunctionName=\(Self.encoded(function))"
        let found = try await call("GET", place, query: query, as: Page.self)
        guard let mapping = found.eventSourceMappings.first else {
            var queue = queue
            queue.functionName = function
            _ = try await call("POST", place, body: queue, as: Mapping.self)
            return
        }
        let changes = Changes(
            functionName: function, batchSize: queue.batchSize, enabled: queue.enabled,
            maximumBatchingWindowInSeconds: queue.maximumBatchingWindowInSeconds,
            functionResponseTypes: queue.functionResponseTypes)
        _ = try await call("PUT", "\(place)/\(mapping.id)", body: changes, as: Mapping.self)
    }
}
