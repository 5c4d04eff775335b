import FunctionModel
import Hummingbird

/// Where function URLs are: under host names of their own, `<id>.lambda-url.<region>.<domain>`, and below a path of this server.
///
/// A host name of its own is an origin of its own: no page that a function answers with is part of this server to a browser. Under
/// such a name nothing but the function is served.
package struct FunctionURLAddresses: Sendable {
    /// The name below which all names lead to this server; nil where URLs are told by path.
    private let domain: String?
    private let region: String
    private let scheme: String
    private let address: String
    private let port: Int

    package init(
        domain: String?, region: String, scheme: String, address: String, port: Int
    ) {
        self.domain = domain
        self.region = region
        self.scheme = scheme
        self.address = address
        self.port = port
    }

    /// What the client that asked reaches the URL by.
    func address(of url: FunctionURL, _ request: Request) -> String {
        let given = CodeLocation.host(of: request)
        let port = given.flatMap { Self.port(in: $0) } ?? self.port
        if let domain { return "\(scheme)://\(url.id).lambda-url.\(region).\(domain):\(port)/" }
        return "\(scheme)://\(given ?? "\(address):\(self.port)")\(Self.path)\(url.id)/"
    }

    /// Which URL a request is for, if it is for one.
    static func target(of request: Request) -> FunctionURLTarget? {
        // Most requests are for names that are too short.
        if let host = request.head.authority, host.utf8.count > 32 + label.utf8.count,
            let mark = host.firstRange(of: label), mark.lowerBound > host.startIndex
        {
            return FunctionURLTarget(
                id: host[..<mark.lowerBound].lowercased(), path: request.uri.path, isByPath: false)
        }
        let whole = request.uri.path
        guard whole.hasPrefix(path) else { return nil }
        let rest = whole.dropFirst(path.utf8.count)
        let id = rest.prefix { $0 != "/" }
        return FunctionURLTarget(
            id: String(id), path: rest.utf8.count > id.utf8.count ? String(rest.dropFirst(id.utf8.count)) : "/",
            isByPath: true)
    }

    private static let label = ".lambda-url."
    private static let path = "/_thaw/url/"

    private static func port(in authority: String) -> Int? {
        guard let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") else { return nil }
        return Int(authority[authority.index(after: colon)...])
    }
}

/// The function URL that a request is for.
struct FunctionURLTarget: Sendable {
    let id: String
    /// What the function sees of the path, as it was sent.
    let path: String
    /// Whether it is below a path of this server rather than under a name of its own.
    let isByPath: Bool
}

extension LambdaServer.Configuration {
    var urlAddresses: FunctionURLAddresses {
        FunctionURLAddresses(
            domain: urlDomain, region: scope.region, scheme: scheme, address: address, port: port)
    }
}
