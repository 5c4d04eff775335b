internal import AsyncHTTPClient
internal import NIOCore
internal import OutgoingHTTP

/// The connections to registries, shared by all who fetch something.
final class RegistryClient: Sendable {
    private let shared: SharedHTTPClient

    /// - Parameter authorities: a file in PEM, instead of the system's.
    init(authorities: String?) {
        var settings = SharedHTTPClient.Settings(
            connecting: .seconds(10), patience: .seconds(60), authorities: authorities)
        // Who named a host that is not there hears so at once.
        settings.retries = false
        shared = SharedHTTPClient(settings)
    }

    func shutdown() async { await shared.shutdown() }

    func http() throws(ContainerImageError) -> HTTPClient {
        guard let client = shared.client() else { throw .cancelled }
        return client
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
