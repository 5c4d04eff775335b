internal import AsyncHTTPClient
internal import Basics
internal import Foundation
internal import LinuxKit
internal import NIOCore
internal import NIOHTTP1
import Synchronization

/// One repository of a registry, and what lets in there. Lives as long as one image is read.
final class RegistrySession: Sendable {
    let reference: ImageReference
    let host: String
    let name: String
    private let client: RegistryClient
    private let logins: RegistryLogins
    private let scheme: String
    private let authorization = Mutex<String?>(nil)
    /// The program that has the login of this host.
    private let helper = Mutex<String?>(nil)

    private static let mostRedirects = 5
    private static let largestToken = 1 << 20
    private static let patience: Int64 = 60

    /// - Parameter isInsecure: without TLS.
    init(
        _ reference: ImageReference, host: String, name: String, isInsecure: Bool, logins: RegistryLogins,
        client: RegistryClient
    ) {
        self.reference = reference
        self.host = host
        self.name = name
        self.client = client
        self.logins = logins
        scheme = isInsecure ? "http" : "https"
    }

    /// Asks for something of the repository, and has `read` take the answer, whose status is 200.
    func get<R: Sendable>(
        _ path: String, accept: [String] = [],
        _ read: @Sendable (HTTPClientResponse) async throws -> R
    ) async throws(ContainerImageError) -> R {
        do {
            var response = try await send(path, accept)
            if response.status == .unauthorized {
                try await authorize(response.headers["www-authenticate"])
                response = try await send(path, accept)
            }
            switch response.status {
            case .ok: return try await read(response)
            case .unauthorized, .forbidden: throw refused()
            case .notFound: throw ContainerImageError.notFound(reference, "\(host) has no \(path)")
            case .tooManyRequests:
                throw ContainerImageError(
                    .unreachable, "The registry \(host) has had too many requests from here. Try again later.")
            default: throw ContainerImageError.unreachable(host, "\(path) was answered with \(response.status.code)")
            }
        } catch let error as ContainerImageError {
            throw error
        } catch {
            throw Task.isCancelled || error is CancellationError ? .cancelled : .unreachable(host, "\(error)")
        }
    }

    private func refused() -> ContainerImageError {
        if let helper = helper.withLock({ $0 }) {
            return .unauthorized(
                "The login of \(host) is kept by the credential helper '\(helper)', which Thaw does not run: "
                    + "log in without a helper, or name a file with the login in REGISTRY_AUTH_FILE.")
        }
        return .unauthorized(
            authorization.withLock { $0 } == nil
                ? "\(host) asks for a login: run `docker login \(host)` as the user that Thaw runs as."
                : "\(host) does not accept the login for \(name).")
    }

    // MARK: - Requests

    /// Follows redirects; only what is asked of the registry itself has its login.
    private func send(_ path: String, _ accept: [String]) async throws -> HTTPClientResponse {
        guard var url = URL(string: "\(scheme)://\(host)/v2/\(name)/\(path)"), let home = Self.origin(of: url) else {
            throw ContainerImageError.notFound(reference, "'\(host)' is no host")
        }
        for _ in 0...Self.mostRedirects {
            guard let origin = Self.origin(of: url) else { break }
            var request = HTTPClientRequest(url: url.absoluteString)
            for type in accept { request.headers.add(name: "accept", value: type) }
            request.headers.add(name: "user-agent", value: "thaw")
            if origin == home, let authorization = authorization.withLock({ $0 }) {
                request.headers.add(name: "authorization", value: authorization)
            }
            let response = try await client.http().execute(request, timeout: .seconds(Self.patience))
            guard [301, 302, 303, 307, 308].contains(response.status.code) else {
                // Only the registry itself may say that a login is missing.
                if origin != home, response.status == .unauthorized {
                    throw ContainerImageError.unreachable(host, "\(origin.host) wants a login of its own")
                }
                return response
            }
            guard let location = response.headers.first(name: "location"),
                let next = URL(string: location, relativeTo: url)?.absoluteURL, let target = Self.origin(of: next),
                target.scheme == "https" || home.scheme == "http"
            else { throw ContainerImageError.unreachable(host, "it sends elsewhere, to no address that can be used") }
            url = next
        }
        throw ContainerImageError.unreachable(host, "it sends elsewhere without an end")
    }

    private static func origin(of url: URL) -> Origin? {
        Origin(scheme: url.scheme, host: url.host(percentEncoded: false), port: url.port)
    }

    /// The whole of a short answer.
    static func bytes(of response: HTTPClientResponse, limit: Int) async throws -> [UInt8] {
        let deadline = Deadline(in: .seconds(patience))
        var bytes: [UInt8] = []
        for try await part in response.body {
            guard bytes.count + part.readableBytes <= limit else {
                throw ContainerImageError(
                    .unsupported, "The registry's answer is too large.", cause: "over \(limit) bytes")
            }
            bytes.append(contentsOf: part.readableBytesView)
            if deadline.hasPassed {
                throw ContainerImageError(
                    .unreachable, "The registry is too slow.", cause: "an answer took over \(patience) s")
            }
        }
        return bytes
    }

    // MARK: - Login

    private func authorize(_ fields: [String]) async throws {
        let (logins, host, name) = (logins, host, name)
        let login = try await BlockingThread.run { () throws(ContainerImageError) in
            try logins.login(host: host, name: name)
        }
        if case .helper(let program) = login { helper.withLock { $0 = program } }
        switch Challenge(fields) {
        case .basic:
            guard case .basic(let secret) = login else { throw refused() }
            authorization.withLock { $0 = "Basic \(secret)" }
        case .bearer(let realm, let service, let scope):
            let token = try await token(realm, service, scope ?? "repository:\(name):pull", login)
            authorization.withLock { $0 = "Bearer \(token)" }
        case nil:
            throw ContainerImageError.unreachable(host, "it asks for a login that is not known: \(fields)")
        }
    }

    private struct Token: Decodable {
        var token: String?
        var access_token: String?
    }

    /// A token for this repository: with the login if there is one, else as anybody gets it.
    private func token(_ realm: String, _ service: String?, _ scope: String, _ login: RegistryLogins.Login) async throws
        -> String
    {
        guard var parts = URLComponents(string: realm), let url = parts.url, let origin = Self.origin(of: url),
            let home = Origin(
                scheme: scheme, host: URL(string: "\(scheme)://\(host)")?.host(percentEncoded: false), port: nil),
            // Passwords go over TLS, or to the registry itself where that has none.
            origin.scheme == "https" || (scheme == "http" && (origin.host == home.host || login == .none))
        else { throw ContainerImageError.unreachable(host, "it sends to '\(realm.prefix(200))' for a token") }
        var items = [URLQueryItem(name: "scope", value: scope)]
        if let service { items.append(URLQueryItem(name: "service", value: service)) }
        var request: HTTPClientRequest
        if case .identity(let secret) = login {
            items += [
                URLQueryItem(name: "grant_type", value: "refresh_token"),
                URLQueryItem(name: "client_id", value: "thaw"),
                URLQueryItem(name: "refresh_token", value: secret),
            ]
            request = HTTPClientRequest(url: url.absoluteString)
            request.method = .POST
            request.headers.add(name: "content-type", value: "application/x-www-form-urlencoded")
            request.body = .bytes(ByteBuffer(string: Self.form(items)))
        } else {
            parts.queryItems = (parts.queryItems ?? []) + items
            request = HTTPClientRequest(url: parts.url?.absoluteString ?? realm)
            if case .basic(let secret) = login { request.headers.add(name: "authorization", value: "Basic \(secret)") }
        }
        request.headers.add(name: "user-agent", value: "thaw")
        let response = try await client.http().execute(request, timeout: .seconds(Self.patience))
        let bytes = try await Self.bytes(of: response, limit: Self.largestToken)
        switch response.status {
        case .ok: break
        case .unauthorized, .forbidden:
            if login == .none || helper.withLock({ $0 }) != nil { throw refused() }
            throw ContainerImageError.unauthorized("\(host) does not accept the login for \(name).")
        default:
            throw ContainerImageError.unreachable(host, "\(origin.host) answered \(response.status.code) for a token")
        }
        let answer = try? JSONDecoder().decode(Token.self, from: Data(bytes))
        guard let token = answer?.token ?? answer?.access_token, !token.isEmpty,
            token.utf8.allSatisfy({ (33...126).contains($0) })
        else { throw ContainerImageError.unreachable(host, "\(origin.host) answered with no token") }
        return token
    }

    private static func form(_ items: [URLQueryItem]) -> String {
        var plain = CharacterSet.alphanumerics.intersection(CharacterSet(charactersIn: "\u{0}"..."\u{7f}"))
        plain.insert(charactersIn: "-._~")
        return items.map { item in
            "\(item.name)=\((item.value ?? "").addingPercentEncoding(withAllowedCharacters: plain) ?? "")"
        }.joined(separator: "&")
    }
}
