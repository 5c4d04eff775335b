internal import Foundation
internal import NIOHTTP1
internal import SigV4

/// AWS Lambda's own API, as far as people at a terminal need it; a Thaw server speaks it.
package struct LambdaClient: Sendable {
    private let connection: AWSConnection

    package init(_ connection: AWSConnection) { self.connection = connection }

    static let functions = "/2015-03-31/functions"

    // MARK: - Functions

    /// Nil when there is none.
    package func function(
        _ name: String, qualifier: String? = nil
    ) async throws(AWSClientError) -> LambdaFunction? {
        do {
            return try await call(
                "GET", "\(Self.path(name))/configuration", query: Self.query(qualifier), as: LambdaFunction.self)
        } catch {
            if error.refusal == "ResourceNotFoundException" { return nil }
            throw error
        }
    }

    /// All of them, as `$LATEST` is.
    package func list() async throws(AWSClientError) -> [LambdaFunction] {
        struct Output: Decodable {
            var functions: [LambdaFunction]
            var nextMarker: String?
        }
        var (all, query) = ([LambdaFunction](), "")
        while true {
            let page = try await call("GET", Self.functions, query: query, as: Output.self)
            all += page.functions
            guard let marker = page.nextMarker, !marker.isEmpty else { return all }
            query = "Marker=\(Self.encoded(marker))"
        }
    }

    package func create(
        _ name: String, _ settings: LambdaFunction.Settings, zip: [UInt8]
    ) async throws(AWSClientError) {
        struct Input: Encodable {
            var functionName: String
            var code: Code
        }
        struct Code: Encodable { var zipFile: Data }
        // Both members of the same object.
        struct Both: Encodable {
            let first: Input
            let second: LambdaFunction.Settings
            func encode(to encoder: any Encoder) throws {
                try first.encode(to: encoder)
                try second.encode(to: encoder)
            }
        }
        let input = Both(first: Input(functionName: name, code: Code(zipFile: Data(zip))), second: settings)
        _ = try await call("POST", Self.functions, body: input, as: LambdaFunction.self, seconds: 300)
    }

    package func update(_ name: String, zip: [UInt8]) async throws(AWSClientError) {
        struct Input: Encodable { var zipFile: Data }
        _ = try await call(
            "PUT", "\(Self.path(name))/code", body: Input(zipFile: Data(zip)), as: LambdaFunction.self, seconds: 300)
    }

    package func update(_ name: String, _ settings: LambdaFunction.Settings) async throws(AWSClientError) {
        _ = try await call("PUT", "\(Self.path(name))/configuration", body: settings, as: LambdaFunction.self)
    }

    package func delete(_ name: String, qualifier: String? = nil) async throws(AWSClientError) {
        _ = try await answer("DELETE", Self.path(name), query: Self.query(qualifier))
    }

    // MARK: - Versions and aliases

    package func publish(_ name: String) async throws(AWSClientError) -> LambdaFunction {
        try await call("POST", "\(Self.path(name))/versions", body: [String: String](), as: LambdaFunction.self)
    }

    /// Makes an alias name the version, whether or not there is such an alias.
    package func move(alias: String, of name: String, to version: String) async throws(AWSClientError) {
        struct Input: Encodable {
            var name: String?
            var functionVersion: String
        }
        struct Output: Decodable { var functionVersion: String }
        let place = "\(Self.path(name))/aliases"
        do {
            _ = try await call(
                "PUT", "\(place)/\(Self.encoded(alias))", body: Input(functionVersion: version), as: Output.self)
        } catch  where error.refusal == "ResourceNotFoundException" {
            _ = try await call("POST", place, body: Input(name: alias, functionVersion: version), as: Output.self)
        }
    }

    // MARK: - Invoke

    package struct Invocation: Sendable {
        package var payload: [UInt8]
        /// `Unhandled` when the function failed.
        package var error: String?
        /// The end of its log, in base64.
        package var log: String?
        package var version: String?
    }

    package func invoke(
        _ name: String, qualifier: String? = nil, payload: [UInt8]
    ) async throws(AWSClientError) -> Invocation {
        let answer = try await answer(
            "POST", "\(Self.path(name))/invocations", query: Self.query(qualifier),
            headers: [(name: "x-amz-log-type", value: "Tail")], body: payload, seconds: Self.longestCall)
        return Invocation(
            payload: answer.body, error: answer.headers.first(name: "x-amz-function-error"),
            log: answer.headers.first(name: "x-amz-log-result"),
            version: answer.headers.first(name: "x-amz-executed-version"))
    }

    /// A little more than the longest timeout of a function.
    package static let longestCall: Int64 = 5_460

    // MARK: - Calls

    static func path(_ name: String, in place: String = functions) -> String { "\(place)/\(encoded(name))" }

    static func encoded(_ text: String) -> String { URIText.encoded(text) }

    static func query(_ qualifier: String?) -> String {
        qualifier.map { "Qualifier=\(encoded($0))" } ?? ""
    }

    func call<Output: Decodable>(
        _ method: String, _ path: String, query: String = "", body: (any Encodable)? = nil, as output: Output.Type,
        seconds: Int64 = 60
    ) async throws(AWSClientError) -> Output {
        let encoded: [UInt8]
        do {
            encoded = try body.map { Array(try JSONMembers.encoder.encode($0)) } ?? []
        } catch {
            throw AWSClientError(.badAnswer, .lambda, "\(error)")
        }
        let answer = try await answer(method, path, query: query, body: encoded, seconds: seconds)
        do {
            return try JSONMembers.decoder.decode(Output.self, from: Data(answer.body))
        } catch {
            throw AWSClientError(.badAnswer, .lambda, "\(error)")
        }
    }

    private func answer(
        _ method: String, _ path: String, query: String = "", headers: [(name: String, value: String)] = [],
        body: [UInt8] = [], seconds: Int64 = 60
    ) async throws(AWSClientError) -> AWSAnswer {
        var call = AWSConnection.Call()
        (call.method, call.path, call.query, call.body, call.seconds) = (method, path, query, body, seconds)
        call.headers = headers + [(name: "content-type", value: "application/json")]
        let answer = try await connection.answer(call, to: .lambda)
        guard answer.isSuccess else { throw Self.refusal(answer) }
        return answer
    }

    private static func refusal(_ answer: AWSAnswer) -> AWSClientError {
        let texts = (try? JSONDecoder().decode([String: String].self, from: Data(answer.body))) ?? [:]
        let type = answer.headers.first(name: "x-amzn-errortype") ?? "\(answer.status)"
        return AWSClientError(
            .refused(type: String(type.prefix { $0 != ":" }), status: answer.status), .lambda,
            texts["Message"] ?? texts["message"] ?? "status \(answer.status)")
    }
}

/// A function or one of its versions, as the API describes it.
package struct LambdaFunction: Decodable, Sendable {
    package struct SnapStart: Decodable, Sendable {
        package var applyOn: String
        package var optimizationStatus: String
    }

    package var functionName: String
    package var version: String
    package var runtime: String?
    package var memorySize: Int?
    package var lastModified: String?
    package var state: String?
    package var stateReason: String?
    package var lastUpdateStatus: String?
    package var lastUpdateStatusReason: String?
    package var snapStart: SnapStart?

    /// What a function is made of beside its code; what is nil stays as it is, or as the API has it by itself.
    package struct Settings: Encodable, Sendable {
        struct Environment: Encodable, Sendable { var variables: [String: String] }
        struct ApplyOn: Encodable, Sendable { var applyOn: String }
        struct Size: Encodable, Sendable { var size: Int }

        package var runtime: String?
        package var handler: String?
        package var role: String?
        package var description: String?
        package var memorySize: Int?
        package var timeout: Int?
        package var layers: [String]?
        private var environment: Environment?
        private var snapStart: ApplyOn?
        private var ephemeralStorage: Size?

        package init() {}

        package mutating func set(variables: [String: String]) { environment = Environment(variables: variables) }

        /// Whether published versions get snapshots.
        package mutating func set(snapStart isOn: Bool) {
            snapStart = ApplyOn(applyOn: isOn ? "PublishedVersions" : "None")
        }

        /// Megabytes of `/tmp`.
        package mutating func set(ephemeralStorage megabytes: Int) { ephemeralStorage = Size(size: megabytes) }
    }
}
