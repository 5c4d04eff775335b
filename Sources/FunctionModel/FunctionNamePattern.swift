/// AWS's pattern for a function's name or ARN, in the two forms that its error messages print.
///
/// Every part before the name is optional, so a text can fit in more than one way: `function:live` is a function called
/// `live`, `function` alone is one called `function`. As in a regular expression, the way that takes the most parts
/// from the left wins.
struct FunctionNamePattern {
    /// The pattern as AWS prints it.
    let source: String
    private let allowsDots: Bool

    static let any = FunctionNamePattern(
        source: #"""
            (arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?\#
            (function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?
            """#,
        allowsDots: true)

    static let created = FunctionNamePattern(
        source: #"""
            (arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?\#
            (function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?
            """#,
        allowsDots: false)

    /// The `Resource` of calls about tags, as AWS prints the pattern.
    static let taggableResource = #"""
        arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:\#
        (function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)|code-signing-config:csc-[a-z0-9]{17}|\#
        event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|\#
        capacity-provider:[a-zA-Z0-9-_]+)
        """#

    private static let longest = 8  // arn:aws:lambda:region:account:function:name:qualifier

    func match(_ text: String) -> FunctionReference? {
        let parts = text.split(separator: ":", maxSplits: Self.longest, omittingEmptySubsequences: false)
        guard parts.count <= Self.longest else { return nil }
        return match(parts[...], from: .arn)
    }

    /// The optional parts, in order.
    private enum Step: Int {
        case arn, region, account, function, name
    }

    private func match(_ parts: ArraySlice<Substring>, from step: Step) -> FunctionReference? {
        guard let first = parts.first, let next = Step(rawValue: step.rawValue + 1) else { return matchName(parts) }
        switch step {
        case .arn:
            if parts.count > 3, first == "arn", Self.isPartition(parts[parts.startIndex + 1]),
                parts[parts.startIndex + 2] == "lambda", let match = match(parts.dropFirst(3), from: next)
            {
                return match
            }
        case .region:
            if Self.isRegion(first), var match = match(parts.dropFirst(), from: next) {
                match.region = String(first)
                return match
            }
        case .account:
            if first.utf8.count == 12, first.utf8.allSatisfy(\.isDigit),
                var match = match(parts.dropFirst(), from: next)
            {
                match.accountID = String(first)
                return match
            }
        case .function:
            if first == "function", let match = match(parts.dropFirst(), from: next) { return match }
        case .name:
            return matchName(parts)
        }
        return match(parts, from: next)
    }

    private func matchName(_ parts: ArraySlice<Substring>) -> FunctionReference? {
        guard let name = parts.first, (1...2).contains(parts.count), isName(name) else { return nil }
        guard parts.count == 2, let qualifier = parts.last else { return FunctionReference(name: String(name)) }
        guard isQualifier(qualifier) else { return nil }
        return FunctionReference(name: String(name), qualifier: String(qualifier))
    }

    private func isName(_ part: Substring) -> Bool {
        !part.isEmpty && part.utf8.allSatisfy { $0.isNameCharacter || (allowsDots && $0 == UInt8(ascii: ".")) }
    }

    private func isQualifier(_ part: Substring) -> Bool {
        if part == "$LATEST" || (allowsDots && part == "$LATEST.PUBLISHED") { return true }
        return !part.isEmpty && part.utf8.allSatisfy(\.isNameCharacter)
    }

    /// `(aws[a-zA-Z-]*)?`
    private static func isPartition(_ part: Substring) -> Bool {
        if part.isEmpty { return true }
        return part.hasPrefix("aws") && part.utf8.allSatisfy { $0.isLetter || $0 == UInt8(ascii: "-") }
    }

    /// `(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}`
    static func isRegion(_ part: Substring) -> Bool {
        var words = part.split(separator: "-", omittingEmptySubsequences: false)[...]
        if words.first == "eusc" { words = words.dropFirst() }
        guard let country = words.popFirst(), country.utf8.count == 2, country.utf8.allSatisfy(\.isLowercase),
            let digit = words.popLast(), digit.utf8.count == 1, digit.utf8.allSatisfy(\.isDigit),
            let direction = words.popLast(), !direction.isEmpty, direction.utf8.allSatisfy(\.isLowercase)
        else { return false }
        guard let kind = words.popFirst() else { return true }
        let isIsolated = kind.hasPrefix("iso") && kind.utf8.count <= 4 && kind.utf8.allSatisfy(\.isLowercase)
        return words.isEmpty && (kind == "gov" || isIsolated)
    }
}
