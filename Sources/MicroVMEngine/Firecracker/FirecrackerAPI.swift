internal import AsyncHTTPClient
import Basics
import Foundation
import LinuxKit
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import SystemPackage

/// Firecracker's API over its socket. Source: Firecracker 1.12, src/firecracker/swagger/firecracker.yaml.
final class FirecrackerAPI: Sendable {
    private let http: HTTPClient
    private let sockets: SocketDirectory
    private let clock: any DeadlineClock
    private let isClosed = Mutex(false)
    /// Its answers are empty or an error's text.
    private static let largestAnswer = 1 << 14

    init(_ sockets: SocketDirectory, group: any EventLoopGroup, clock: any DeadlineClock) {
        self.sockets = sockets
        self.clock = clock
        var settings = HTTPClient.Configuration(
            redirectConfiguration: .disallow, connectionPool: .init(idleTimeout: .hours(1)), decompression: .disabled)
        settings.httpVersion = .http1Only
        http = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: settings)
    }

    deinit { close() }

    func close() {
        let wasClosed = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return isClosed
        }
        if !wasClosed { http.shutdown { _ in } }
    }

    enum Failure: Error, CustomStringConvertible {
        case refused(String, UInt, String)
        case unreachable(String, any Error)
        case malformed(String)

        var description: String {
            switch self {
            case .refused(let request, let status, let words): "Firecracker refused \(request): \(words) (\(status))"
            case .unreachable(let request, let error): "Firecracker did not answer \(request): \(error)"
            case .malformed(let request): "Firecracker's answer to \(request) is not what it should be"
            }
        }
    }

    func put(_ path: String, _ body: some Encodable, by deadline: Deadline) async throws(Failure) {
        _ = try await send(.PUT, path, body, by: deadline)
    }

    func patch(_ path: String, _ body: some Encodable, by deadline: Deadline) async throws(Failure) {
        _ = try await send(.PATCH, path, body, by: deadline)
    }

    func version(by deadline: Deadline) async throws(Failure) -> String {
        struct Version: Decodable {
            let number: String
            enum CodingKeys: String, CodingKey { case number = "firecracker_version" }
        }
        let answer = try await send(.GET, "/version", nil as String?, by: deadline)
        guard let version = try? JSONDecoder().decode(Version.self, from: answer) else {
            throw .malformed("GET /version")
        }
        return version.number
    }

    // MARK: - Private

    private struct Fault: Decodable {
        let message: String
        enum CodingKeys: String, CodingKey { case message = "fault_message" }
    }

    private func send(
        _ method: HTTPMethod, _ path: String, _ body: (some Encodable)?, by deadline: Deadline
    ) async throws(Failure) -> Data {
        let name = "\(method) \(path)"
        let (status, answer): (UInt, ByteBuffer)
        do {
            var request = HTTPClientRequest(url: url(path))
            request.method = method
            if let body {
                request.headers.add(name: "content-type", value: "application/json")
                request.body = .bytes(ByteBuffer(bytes: try JSONEncoder().encode(body)))
            }
            let response = try await http.execute(request, timeout: TimeAmount(deadline.remaining(at: clock.now)))
            (status, answer) = (UInt(response.status.code), try await response.body.collect(upTo: Self.largestAnswer))
        } catch {
            throw .unreachable(name, error)
        }
        let data = Data(answer.readableBytesView)
        guard (200..<300).contains(status) else {
            let words = (try? JSONDecoder().decode(Fault.self, from: data))?.message
            throw .refused(name, status, words ?? String(decoding: data.prefix(200), as: UTF8.self))
        }
        return data
    }

    private func url(_ path: String) -> String {
        let socket = sockets.path.appending(SocketDirectory.control).string.replacing("/", with: "%2F")
        return "http+unix://\(socket)\(path)"
    }
}
