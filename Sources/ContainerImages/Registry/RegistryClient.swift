internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL
import Synchronization

/// The connections to registries, shared by all who fetch something.
final class RegistryClient: Sendable {
    private enum State {
        /// Nobody has asked anything yet.
        case unused
        case open(HTTPClient)
        case ended
    }

    private let state = Mutex(State.unused)
    private let authorities: String?

    /// - Parameter authorities: a file in PEM, instead of the system's.
    init(authorities: String?) { self.authorities = authorities }

    func shutdown() async {
        let state = state.withLock { state in
            defer { state = .ended }
            return state
        }
        // It fails only when it was ended before.
        if case .open(let http) = state { try? await http.shutdown() }
    }

    func http() throws(ContainerImageError) -> HTTPClient {
        let client = state.withLock { state -> HTTPClient? in
            switch state {
            case .open(let http): return http
            case .ended: return nil
            case .unused:
                let http = makeClient()
                state = .open(http)
                return http
            }
        }
        guard let client else { throw .cancelled }
        return client
    }

    /// Redirects are followed by hand: a login is for one host alone.
    private func makeClient() -> HTTPClient {
        var settings = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: .seconds(10), read: .seconds(60)),
            connectionPool: .init(idleTimeout: .seconds(30)), decompression: .disabled)
        settings.httpVersion = .http1Only
        // Who named a host that is not there hears so at once.
        settings.connectionPool.retryConnectionEstablishment = false
        if let authorities {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .file(authorities)
            settings.tlsConfiguration = tls
        }
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
    }
}

extension ContainerImageError {
    static let cancelled = ContainerImageError(.cancelled, "The image was given up.")

    static func unreachable(_ host: String, _ cause: String) -> Self {
        Self(
            .unreachable, "The registry \(host) cannot be reached, or does not answer as registries do.", cause: cause)
    }
}

/// Scheme, host and port of a URL.
struct Origin: Sendable, Equatable {
    var scheme: String
    var host: String
    var port: Int

    init?(scheme: String?, host: String?, port: Int?) {
        guard let scheme = scheme?.lowercased(), scheme == "http" || scheme == "https", let host, !host.isEmpty else {
            return nil
        }
        self.scheme = scheme
        self.host = host.lowercased()
        self.port = port ?? (scheme == "http" ? 80 : 443)
    }

    /// This machine: nothing that is sent there can be seen by others.
    var isLoopback: Bool {
        let name = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        if name == "localhost" || name == "::1" { return true }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return parts.count == 4 && parts.allSatisfy { $0 != nil } && parts[0] == 127
    }
}
