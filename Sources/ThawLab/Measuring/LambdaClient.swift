import AsyncHTTPClient
import Foundation
import FunctionModel
import NIOCore
import NIOHTTP1

/// The few calls of the AWS Lambda API that measuring needs, over plain HTTP.
struct LambdaClient: Sendable {
    let endpoint: String
    let http: HTTPClient

    struct Answer: Sendable {
        let payload: [UInt8]
        let functionError: String?
    }

    /// An answer other than the one expected.
    struct Failure: Error, CustomStringConvertible {
        let action: String
        let status: UInt
        let body: String

        var description: String { "\(action) answered \(status): \(body)" }
    }

    struct Configuration: Decodable {
        enum CodingKeys: String, CodingKey {
            case state = "State"
            case reason = "StateReason"
            case lastUpdate = "LastUpdateStatus"
            case version = "Version"
        }
        var state: String?
        var reason: String?
        var lastUpdate: String?
        var version: String
    }

    /// More than are asked at once by anything here. The shared HTTP client would let the ninth wait for the first's answer.
    private static let connections = 1024

    /// Lends a client of a server on this host for the length of `body`.
    static func with<R: Sendable>(
        port: Int, _ body: @Sendable (LambdaClient) async throws -> R
    ) async throws -> R {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let result: Result<R, any Error>
        do {
            result = .success(try await body(LambdaClient(endpoint: "http://127.0.0.1:\(port)", http: http)))
        } catch {
            result = .failure(error)
        }
        // What is still under way is of no use to anybody.
        try? await http.shutdown()
        return try result.get()
    }

    func create(_ function: MeasuredFunction) async throws {
        let body: JSONValue = .object([
            "FunctionName": .string(function.name), "Runtime": .string(function.runtime),
            "Handler": .string(function.handler), "Role": .string("arn:aws:iam::123456789012:role/measure"),
            "MemorySize": .number(Double(function.memorySize)), "Timeout": .number(Double(function.timeout)),
            "Environment": .object(["Variables": .object(function.environment.mapValues { .string($0) })]),
            "Code": .object(["ZipFile": .string(Data(function.zip).base64EncodedString())]),
            "Tags": .object(function.tags.mapValues { .string($0) }),
        ])
        _ = try await call("CreateFunction", .POST, "functions", try Self.bytes(body), expecting: 201)
        try await waitUntilReady(function.name, qualifier: nil)
    }

    func enableSnapStart(_ name: String) async throws {
        let body: JSONValue = .object(["SnapStart": .object(["ApplyOn": .string("PublishedVersions")])])
        _ = try await call(
            "UpdateFunctionConfiguration", .PUT, "functions/\(name)/configuration", try Self.bytes(body), expecting: 200
        )
        try await waitUntilReady(name, qualifier: nil)
    }

    /// Gives a function of the standard account tags, beside those that it has.
    func tag(_ name: String, _ tags: [String: String]) async throws {
        let body: JSONValue = .object(["Tags": .object(tags.mapValues { .string($0) })])
        _ = try await call(
            "TagResource", .POST, "tags/\(Self.arn(name))", try Self.bytes(body), of: "2017-03-31", expecting: 204)
    }

    /// A function of the standard account.
    static func arn(_ name: String) -> String { "arn:aws:lambda:us-east-1:123456789012:function:\(name)" }

    /// Publishes and waits until the version is active; its number.
    func publish(_ name: String) async throws -> Int {
        let answer = try await call(
            "PublishVersion", .POST, "functions/\(name)/versions", Array("{}".utf8), expecting: 201)
        let version = try JSONDecoder().decode(Configuration.self, from: Data(answer.body)).version
        try await waitUntilReady(name, qualifier: version)
        return Int(version) ?? 0
    }

    /// Deletes a function, if there is one.
    func delete(_ name: String) async throws {
        do {
            _ = try await call("DeleteFunction", .DELETE, "functions/\(name)", nil, expecting: 204)
        } catch let failure as Failure where failure.status == 404 {}
    }

    func invoke(_ name: String, version: Int?, payload: [UInt8]) async throws -> Answer {
        let query = version.map { "?Qualifier=\($0)" } ?? ""
        let answer = try await call("Invoke", .POST, "functions/\(name)/invocations\(query)", payload, expecting: 200)
        return Answer(payload: answer.body, functionError: answer.headers.first(name: "x-amz-function-error"))
    }

    /// Asks as AWS's waiters do, only more often.
    private func waitUntilReady(_ name: String, qualifier: String?) async throws {
        let query = qualifier.map { "?Qualifier=\($0)" } ?? ""
        while true {
            let answer = try await call(
                "GetFunctionConfiguration", .GET, "functions/\(name)/configuration\(query)", nil, expecting: 200)
            let configuration = try JSONDecoder().decode(Configuration.self, from: Data(answer.body))
            if configuration.state == "Failed" {
                throw Failure(
                    action: "\(name) \(qualifier ?? "$LATEST") failed;", status: 200,
                    body: configuration.reason ?? "no reason")
            }
            if configuration.state == "Active", configuration.lastUpdate != "InProgress" { return }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    private static func bytes(_ body: JSONValue) throws -> [UInt8] { Array(try JSONEncoder().encode(body)) }

    private func call(
        _ action: String, _ method: HTTPMethod, _ path: String, _ body: [UInt8]?, of api: String = "2015-03-31",
        expecting status: UInt
    ) async throws -> (body: [UInt8], headers: HTTPHeaders) {
        var request = HTTPClientRequest(url: "\(endpoint)/\(api)/\(path)")
        request.method = method
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(body)
        }
        let response = try await http.execute(request, timeout: .minutes(20))
        let buffer = try await response.body.collect(upTo: 16 << 20)
        let bytes = Array(buffer.readableBytesView)
        guard response.status.code == status else {
            throw Failure(action: action, status: response.status.code, body: String(decoding: bytes, as: UTF8.self))
        }
        return (bytes, response.headers)
    }
}
