import Foundation
import FunctionModel
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LambdaAPI
import Logging
import NIOCore
import Testing

/// Sends single requests to the API over a fake worker, without a socket.
struct APITester {
    var service: FakeLambdaService
    var strictLastUpdateStatus = true

    init(_ service: FakeLambdaService, strictLastUpdateStatus: Bool = true) {
        self.service = service
        self.strictLastUpdateStatus = strictLastUpdateStatus
    }

    var server: LambdaServer {
        LambdaServer(
            service: service.service,
            configuration: .init(
                port: 0, abilities: ServerAbilities(runtimes: ["python3.11", "java17"]),
                strictLastUpdateStatus: strictLastUpdateStatus),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    func send(
        _ method: HTTPRequest.Method, _ uri: String, headers: HTTPFields = [:], body: String? = nil
    ) async throws -> TestResponse {
        try await server.application().test(.router) { client in
            try await client.execute(
                uri: uri, method: method, headers: headers, body: body.map(ByteBuffer.init(string:)))
        }
    }
}

extension TestResponse {
    var text: String { String(buffer: body) }

    func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { headers[$0] } }

    /// The case of the member's name differs from type to type.
    var errorMessage: String {
        get throws {
            let json = try json
            return (json["message"] ?? json["Message"])?.text ?? ""
        }
    }

    var json: [String: JSONText] {
        get throws { try JSONDecoder().decode([String: JSONText].self, from: Data(body.readableBytesView)) }
    }
}

/// A JSON value, shown as compact text with sorted keys, so that tests can compare it.
struct JSONText: Decodable, Equatable, ExpressibleByStringLiteral, CustomTestStringConvertible {
    var text: String

    init(stringLiteral text: String) { self.text = text }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(String.self) {
            text = value
        } else if let value = try? container.decode(Int.self) {
            text = String(value)
        } else if let value = try? container.decode([String: JSONText].self) {
            text = "{\(value.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.text)" }.joined(separator: ", "))}"
        } else if let value = try? container.decode([JSONText].self) {
            text = "[\(value.map(\.text).joined(separator: ", "))]"
        } else if let value = try? container.decode(Bool.self) {
            text = String(value)
        } else {
            text = "null"
        }
    }

    var testDescription: String { text }
}
