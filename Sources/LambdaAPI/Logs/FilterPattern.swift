/// CloudWatch's filter patterns for unstructured lines: all terms are to be in the line, one at least of those with `?`, and none of
/// those with `-`; a term in quotes may hold anything.
struct FilterPattern: Sendable {
    private var all: [String] = []
    private var any: [String] = []
    private var none: [String] = []

    init(_ text: String) throws {
        let text = text.drop { $0.isWhitespace }
        if let first = text.first, "{[%".contains(first) {
            throw LogsError.invalidParameter(
                "Invalid filter pattern: this server takes terms, \"phrases\", ?optional and -excluded terms only.")
        }
        var rest = text
        while let first = rest.first {
            if first.isWhitespace {
                rest.removeFirst()
                continue
            }
            let sign = first == "?" || first == "-" ? rest.removeFirst() : nil
            let term = try Self.takeTerm(&rest)
            switch sign {
            case "?": any.append(term)
            case "-": none.append(term)
            default: all.append(term)
            }
        }
        // Beside terms that have to be there, optional ones say nothing.
        if !all.isEmpty { any = [] }
    }

    private static func takeTerm(_ rest: inout Substring) throws -> String {
        guard rest.first == "\"" else {
            let term = rest.prefix { !$0.isWhitespace }
            rest = rest.dropFirst(term.count)
            return String(term)
        }
        rest.removeFirst()
        var term = ""
        while let character = rest.popFirst() {
            if character == "\"" { return term }
            if character == "\\", let escaped = rest.popFirst() { term.append(escaped) } else { term.append(character) }
        }
        throw LogsError.invalidParameter("Invalid filter pattern: a quote has no end.")
    }

    func matches(_ line: String) -> Bool {
        all.allSatisfy { line.contains($0) } && !none.contains { line.contains($0) }
            && (any.isEmpty || any.contains { line.contains($0) })
    }
}
