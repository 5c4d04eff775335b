/// What a client may read of the server's own failures: what failed and what to do, but not where things lie on the host, nor how they
/// are called in the code. The log has the whole text, see ``LambdaError/cause``.
package enum ClientText {
    /// In place of a text that is a value's description and says nothing to people.
    package static let internalFailure =
        "The service encountered an internal error. The server's log says more under the id of this request."

    /// Longer texts are what tools have written.
    private static let longest = 1_000

    /// `text` without paths; those that are a description in Swift become ``internalFailure``.
    package static func of(_ text: String) -> String {
        if text.contains(/Optional\(|\w*Error\w*\(|\b[A-Z]\w*\.[A-Za-z]\w*\(|\w+\("|\w+\(\w+: |\bSources\b|\bSwift\./) {
            return internalFailure
        }
        return String(
            text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
                line.split(separator: " ", omittingEmptySubsequences: false).map(word).joined(separator: " ")
            }.joined(separator: "\n").prefix(longest))
    }

    /// A word with a slash is taken for a path; what stands around it stays.
    private static func word(_ word: Substring) -> Substring {
        guard word.contains("/") else { return word }
        let isAround: (Character) -> Bool = { "'\"`()[]{}<>,;:.".contains($0) }
        let before = word.prefix(while: isAround)
        let after = word.reversed().prefix(while: isAround).reversed()
        return "\(before)…\(String(after))"
    }
}
