/// What an event must be like to be sent to a function: a pattern as EventBridge has them.
///
/// ```json
/// {"body": {"kind": ["order", {"prefix": "re"}], "amount": [{"numeric": [">=", 100]}]}}
/// ```
/// Every member of the pattern must match; of the list of a member, one.
package struct EventPattern: Sendable, Equatable {
    private indirect enum Rule: Sendable, Equatable {
        /// All members, and of each `$or` one.
        case all([String: Rule], anyOf: [Rule])
        case oneOf([Test])
    }

    private enum Test: Sendable, Equatable {
        case equals(JSONValue)
        case equalsIgnoringCase(String)
        case exists(Bool)
        case prefix(String)
        case suffix(String)
        case wildcard([String])
        case numeric([Comparison])
        case not([Test])
    }

    private struct Comparison: Sendable, Equatable {
        var sign: String
        var limit: Double

        func holds(_ value: Double) -> Bool {
            switch sign {
            case "=": value == limit
            case "<": value < limit
            case "<=": value <= limit
            case ">": value > limit
            default: value >= limit
            }
        }
    }

    private let rule: Rule

    /// Lists and objects inside one another, at most.
    private static let deepest = 32

    /// - Returns: nil unless the text is a pattern.
    package init?(_ text: String) {
        guard let members = JSONValue(parsing: text)?.object, let rule = Self.rule(members, depth: 0) else {
            return nil
        }
        self.rule = rule
    }

    package func matches(_ event: JSONValue) -> Bool { Self.matches(rule, event) }

    // MARK: - Reading

    private static func rule(_ members: [String: JSONValue], depth: Int) -> Rule? {
        guard depth < deepest else { return nil }
        var (rules, choices) = ([String: Rule](), [Rule]())
        for (name, value) in members {
            switch value {
            case .array(let list) where name == "$or":
                guard list.count > 1 else { return nil }
                for item in list {
                    guard let members = item.object, let rule = rule(members, depth: depth + 1) else { return nil }
                    choices.append(rule)
                }
            case .array(let list):
                guard !list.isEmpty else { return nil }
                var tests: [Test] = []
                for item in list {
                    guard let test = test(item) else { return nil }
                    tests.append(test)
                }
                rules[name] = .oneOf(tests)
            case .object(let members):
                guard let rule = rule(members, depth: depth + 1) else { return nil }
                rules[name] = rule
            case .null, .bool, .number, .string: return nil
            }
        }
        return .all(rules, anyOf: choices)
    }

    private static func test(_ value: JSONValue) -> Test? {
        switch value {
        case .null, .bool, .number, .string: return .equals(value)
        case .array: return nil
        case .object(let members):
            guard members.count == 1, let (name, value) = members.first else { return nil }
            return test(named: name, value)
        }
    }

    private static func test(named name: String, _ value: JSONValue) -> Test? {
        switch (name, value) {
        case ("exists", .bool(let isThere)): return .exists(isThere)
        case ("prefix", .string(let text)): return .prefix(text)
        case ("suffix", .string(let text)): return .suffix(text)
        case ("equals-ignore-case", .string(let text)): return .equalsIgnoringCase(text.lowercased())
        case ("wildcard", .string(let text)):
            return .wildcard(text.split(separator: "*", omittingEmptySubsequences: false).map(String.init))
        case ("numeric", .array(let list)): return comparisons(list).map { .numeric($0) }
        case ("anything-but", .array(let list)):
            let tests = list.compactMap { item in
                if case .string = item { return Test.equals(item) }
                if case .number = item { return Test.equals(item) }
                return nil
            }
            return tests.isEmpty || tests.count != list.count ? nil : .not(tests)
        case ("anything-but", .object(let members)):
            guard members.count == 1, let (name, value) = members.first,
                ["prefix", "suffix", "equals-ignore-case", "wildcard"].contains(name),
                let test = test(named: name, value)
            else { return nil }
            return .not([test])
        case ("anything-but", .string), ("anything-but", .number): return .not([.equals(value)])
        default: return nil
        }
    }

    private static func comparisons(_ list: [JSONValue]) -> [Comparison]? {
        guard list.count == 2 || list.count == 4 else { return nil }
        var result: [Comparison] = []
        for index in stride(from: 0, to: list.count, by: 2) {
            guard case .string(let sign) = list[index], case .number(let limit) = list[index + 1],
                ["=", "<", "<=", ">", ">="].contains(sign)
            else { return nil }
            result.append(Comparison(sign: sign, limit: limit))
        }
        if result.count == 2 {
            // A range: from below, then to above.
            guard result[0].sign.hasPrefix(">"), result[1].sign.hasPrefix("<"), result[0].limit < result[1].limit else {
                return nil
            }
        }
        return result
    }

    // MARK: - Matching

    private static func matches(_ rule: Rule, _ value: JSONValue?) -> Bool {
        switch rule {
        case .all(let rules, let choices):
            // Of a list of objects, one.
            if case .array(let list) = value { return list.contains { matches(rule, $0) } }
            // What is not there has no members, which may be just what is asked for.
            let members: [String: JSONValue]
            switch value {
            case .object(let given): members = given
            case nil: members = [:]
            default: return false
            }
            return rules.allSatisfy { matches($0.value, members[$0.key]) }
                && (choices.isEmpty || choices.contains { matches($0, value) })
        case .oneOf(let tests): return tests.contains { matches($0, value) }
        }
    }

    private static func matches(_ test: Test, _ value: JSONValue?) -> Bool {
        if case .exists(let isThere) = test { return (value != nil) == isThere }
        guard let value else { return false }
        if case .array(let list) = value { return list.contains { holds(test, $0) } }
        return holds(test, value)
    }

    private static func holds(_ test: Test, _ value: JSONValue) -> Bool {
        switch (test, value) {
        case (.equals(let wanted), _): wanted == value
        case (.equalsIgnoringCase(let wanted), .string(let text)): text.lowercased() == wanted
        case (.prefix(let wanted), .string(let text)): text.hasPrefix(wanted)
        case (.suffix(let wanted), .string(let text)): text.hasSuffix(wanted)
        case (.wildcard(let parts), .string(let text)): fits(text, parts)
        case (.numeric(let comparisons), .number(let number)): comparisons.allSatisfy { $0.holds(number) }
        // DynamoDB writes numbers as texts.
        case (.numeric(let comparisons), .string(let text)):
            Double(text).map { number in comparisons.allSatisfy { $0.holds(number) } } ?? false
        case (.not(let tests), _): !tests.contains { holds($0, value) }
        case (.exists, _), (.equalsIgnoringCase, _), (.prefix, _), (.suffix, _), (.wildcard, _), (.numeric, _): false
        }
    }

    /// Whether the text is the parts with anything between them.
    private static func fits(_ text: String, _ parts: [String]) -> Bool {
        guard let first = parts.first, let last = parts.last, text.hasPrefix(first) else { return false }
        guard parts.count > 1 else { return text == first }
        var rest = text.dropFirst(first.count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return rest.hasSuffix(last)
    }
}
