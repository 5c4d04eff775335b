/// Under which names a server answers.
///
/// A web page may have its own name lead to a loopback address (DNS rebinding): to a browser the server then is a part of that page,
/// which may read every answer. What it cannot change is the name in the request's `Host`. So a server that listens on loopback
/// answers under loopback's names and those that it was told; others are reached by networks, where names are their operators' matter.
package struct AllowedHosts: Sendable {
    /// Nil answers under any name.
    private let names: [String]?

    /// - Parameters:
    ///   - address: what the server listens at.
    ///   - others: further names: `thaw.example`, `*.example` for all below, or `*` for any.
    package init(listeningAt address: String, others: [String] = []) {
        let isOpen = !Self.isLoopback(address.lowercased()) && others.isEmpty
        names = isOpen || others.contains("*") ? nil : (others + [address]).map { Self.name(in: $0) }
    }

    /// Whether a request for `authority`, the `Host` of its head, is answered. What names no host comes from no browser.
    package func contains(_ authority: String?) -> Bool {
        guard let names, let authority, !Self.isPlainLoopback(authority) else { return true }
        let host = Self.name(in: authority)
        return Self.isLoopback(host)
            || names.contains { name in
                name.hasPrefix("*.") ? host.hasSuffix(name.dropFirst()) : host == name
            }
    }

    /// With one more name.
    func allowing(_ name: String) -> AllowedHosts {
        AllowedHosts(names: names.map { $0 + [Self.name(in: name)] })
    }

    private init(names: [String]?) { self.names = names }

    /// Whether `authority` names this host itself.
    package static func isLoopback(authority: String) -> Bool { isLoopback(name(in: authority)) }

    /// What nearly all requests name, told without taking the text apart.
    private static func isPlainLoopback(_ authority: String) -> Bool {
        ["127.0.0.1", "localhost"].contains { name in
            guard authority.utf8.starts(with: name.utf8) else { return false }
            let rest = authority.utf8.dropFirst(name.utf8.count)
            return rest.isEmpty || rest.first == 58 && rest.dropFirst().allSatisfy { (48...57).contains($0) }
        }
    }

    /// The name or address alone, without a port, in lower case.
    private static func name(in authority: String) -> String {
        var host = authority.lowercased()[...]
        if host.hasPrefix("["), let end = host.firstIndex(of: "]") {
            // Behind the bracket is a port or nothing.
            let rest = host[host.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return String(host) }
            host = host[host.index(after: host.startIndex)..<end]
        } else if let colon = host.firstIndex(of: ":"), colon == host.lastIndex(of: ":") {
            host = host[..<colon]
        }
        if host.hasSuffix(".") { host = host.dropLast() }
        return String(host)
    }

    private static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host.hasSuffix(".localhost") || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127"
            && parts.allSatisfy { part in
                part.utf8.count <= 3 && part.utf8.allSatisfy { (48...57).contains($0) } && UInt8(part) != nil
            }
    }
}
