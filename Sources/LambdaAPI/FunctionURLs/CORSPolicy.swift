import FunctionModel
import HTTPTypes
import Hummingbird

/// What the CORS settings of a function URL have the server say to browsers.
struct CORSPolicy: Sendable {
    let settings: CORS

    /// The answer to a preflight request, which the function does not hear of; nil when the request is none.
    func preflight(_ request: Request) -> Response? {
        guard request.method == .options, let origin = request.headers[.origin],
            request.headers[.accessControlRequestMethod] != nil
        else { return nil }
        var headers = HTTPFields()
        if add(for: origin, to: &headers) {
            headers[.accessControlAllowMethods] = Self.list(settings.allowMethods)
            headers[.accessControlAllowHeaders] = Self.list(settings.allowHeaders)
            headers[.accessControlMaxAge] = settings.maxAge.map(String.init)
        }
        return Response(status: .ok, headers: headers)
    }

    /// Sets what belongs to an answer of the function; its own words on that do not count.
    func apply(to headers: inout HTTPFields, for request: Request) {
        for name in Self.names { headers[name] = nil }
        guard let origin = request.headers[.origin], add(for: origin, to: &headers) else { return }
        headers[.accessControlExposeHeaders] = Self.list(settings.exposeHeaders)
    }

    /// - Returns: whether the origin is allowed.
    private func add(for origin: String, to headers: inout HTTPFields) -> Bool {
        let origins = settings.allowOrigins ?? []
        guard origins.contains("*") || origins.contains(where: { Self.matches(origin, $0) }) else { return false }
        let allowsCredentials = settings.allowCredentials == true
        let isAny = origins.contains("*") && !allowsCredentials
        headers[.accessControlAllowOrigin] = isAny ? "*" : origin
        if !isAny { headers.append(HTTPField(name: .vary, value: "Origin")) }
        if allowsCredentials { headers[.accessControlAllowCredentials] = "true" }
        return true
    }

    /// `https://*.example.com` is any name below.
    private static func matches(_ origin: String, _ allowed: String) -> Bool {
        guard let star = allowed.firstIndex(of: "*") else { return origin == allowed }
        let (head, tail) = (allowed[..<star], allowed[allowed.index(after: star)...])
        return origin.utf8.count > head.utf8.count + tail.utf8.count && origin.hasPrefix(head)
            && origin.hasSuffix(tail)
    }

    private static func list(_ items: [String]?) -> String? {
        guard let items, !items.isEmpty else { return nil }
        return items.joined(separator: ",")
    }

    private static let names: [HTTPField.Name] = [
        .accessControlAllowOrigin, .accessControlAllowCredentials, .accessControlExposeHeaders,
        .accessControlAllowMethods, .accessControlAllowHeaders, .accessControlMaxAge,
    ]
}
