/// What a registry asks for: `WWW-Authenticate` of RFC 9110, and distribution's token authentication.
package enum Challenge: Sendable, Equatable {
    case basic
    case bearer(realm: String, service: String?, scope: String?)

    /// The first that can be answered; a token before a password.
    package init?(_ fields: [String]) {
        var known: [Challenge] = []
        for field in fields {
            for (scheme, values) in Self.challenges(in: field) {
                switch scheme {
                case "basic": known.append(.basic)
                case "bearer":
                    guard let realm = values["realm"] else { continue }
                    known.append(.bearer(realm: realm, service: values["service"], scope: values["scope"]))
                default: continue
                }
            }
        }
        guard let first = known.first(where: { $0 != .basic }) ?? known.first else { return nil }
        self = first
    }

    /// `Scheme a=b, c="d", Other e=f`.
    private static func challenges(in field: String) -> [(scheme: String, values: [String: String])] {
        var found: [(scheme: String, values: [String: String])] = []
        var rest = Substring(field)
        while true {
            rest = rest.drop { $0 == " " || $0 == "," || $0 == "\t" }
            guard !rest.isEmpty else { return found }
            let word = rest.prefix { $0 != " " && $0 != "," && $0 != "=" && $0 != "\t" }
            guard !word.isEmpty else { return found }
            rest = rest.dropFirst(word.count)
            guard rest.first == "=" else {
                found.append((word.lowercased(), [:]))
                continue
            }
            rest = rest.dropFirst()
            let value = value(&rest)
            if !found.isEmpty { found[found.count - 1].values[word.lowercased()] = value }
        }
    }

    private static func value(_ rest: inout Substring) -> String {
        guard rest.first == "\"" else {
            let value = rest.prefix { $0 != "," && $0 != " " }
            rest = rest.dropFirst(value.count)
            return String(value)
        }
        rest = rest.dropFirst()
        var value = ""
        while let next = rest.popFirst(), next != "\"" {
            if next == "\\", let escaped = rest.popFirst() { value.append(escaped) } else { value.append(next) }
        }
        return value
    }
}
