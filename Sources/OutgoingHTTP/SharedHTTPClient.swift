package import AsyncHTTPClient
package import NIOCore
internal import NIOSSL
import Synchronization

/// The connections to servers elsewhere, shared by all who ask something of them; made when the first does.
///
/// Redirects are for the caller to follow: what is signed for a server, or logs in there, is for that one alone.
/// ``shutdown()`` ends it, once nobody asks any more.
package final class SharedHTTPClient: Sendable {
    package struct Settings: Sendable {
        /// For a connection.
        package var connecting: TimeAmount
        /// In which an answer has to go on.
        package var patience: TimeAmount
        /// A file in PEM, instead of the system's authorities.
        package var authorities: String?
        /// Connections to one server that are used again.
        package var keptPerHost: Int?
        /// Whether a server that cannot be reached is tried again until the time is over.
        package var retries = true

        package init(connecting: TimeAmount, patience: TimeAmount, authorities: String?) {
            self.connecting = connecting
            self.patience = patience
            self.authorities = authorities
        }
    }

    private enum State {
        /// Nobody has asked anything yet.
        case unused
        case open(HTTPClient)
        case ended
    }

    private let state = Mutex(State.unused)
    private let settings: Settings

    package init(_ settings: Settings) { self.settings = settings }

    /// Ends all connections; nil is what is had afterwards.
    package func shutdown() async {
        let state = state.withLock { state in
            defer { state = .ended }
            return state
        }
        // It fails only when it was ended before.
        if case .open(let http) = state { try? await http.shutdown() }
    }

    /// Nil once it was ended.
    package func client() -> HTTPClient? {
        state.withLock { state in
            switch state {
            case .open(let http): return http
            case .ended: return nil
            case .unused:
                let http = makeClient()
                state = .open(http)
                return http
            }
        }
    }

    private func makeClient() -> HTTPClient {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: settings.connecting, read: settings.patience),
            connectionPool: .init(idleTimeout: .seconds(30)), decompression: .disabled)
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = settings.retries
        if let kept = settings.keptPerHost {
            configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = kept
        }
        if let authorities = settings.authorities {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .file(authorities)
            configuration.tlsConfiguration = tls
        }
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }
}
