/// AWS's service model of Lambda: the served actions' members and what they may be.
package struct ServiceModel: Sendable {
    package static let lambda = ServiceModel(shapes: shapes, actions: actions, differences: differences)

    private let named: [String: ModelOperation]
    /// By method and path; some paths have an action more that an item of the query chooses.
    private let routed: [String: [Route]]

    private struct Route {
        /// `find=LayerVersion`
        var query: Substring?
        var operation: ModelOperation
    }

    package var operations: [ModelOperation] { Array(named.values) }

    package func operation(_ name: String) -> ModelOperation? { named[name] }

    /// - Parameters:
    ///   - path: with names for what varies, and without a slash at its start: `2015-03-31/functions/{FunctionName}`.
    ///   - query: the items of the request's.
    package func operation(
        _ method: String, _ path: some StringProtocol, query: (String) -> String?
    ) -> ModelOperation? {
        routed["\(method) \(path)"]?.first { route in
            guard let words = route.query?.split(separator: "="), words.count == 2 else { return true }
            return query(String(words[0])).map { $0 == words[1] } ?? false
        }?.operation
    }
}

/// Reading the tables, one thing a line:
///
///     NAME = text LEAST MOST PATTERN      lengths; a hyphen for what has no limit, and the pattern may be missing
///     NAME = enum VALUE...
///     NAME = integer LEAST MOST           long and double likewise
///     NAME = list LEAST MOST NAME
///     NAME = map LEAST MOST NAME NAME     keys and values
///     NAME = structure MEMBER...          a member is NAME:NAME, with ! if it is required
///     METHOD PATH ACTION MEMBER...        a member with @NAME stands in the query, with @{NAME} in the path,
///                                         with @=NAME in a header
///
/// `secret` before a kind leaves values out of refusals, `nullable` before a list leaves out that elements must not be null.
/// Of differences, `also NAME PATTERN` names what is taken beyond a pattern, and `ACTION.MEMBER = NAME` another shape.
extension ServiceModel {
    init(shapes: String, actions: String, differences: String) {
        let reading = ModelTables(differences)
        var known: [String: ModelShape] = [:]
        for line in shapes.split(separator: "\n") {
            guard let (name, words) = Self.definition(line) else { continue }
            let definition = reading.definitions[String(name)] ?? words
            known[String(name)] = reading.shape(definition, named: String(name), known)
        }
        var named: [String: ModelOperation] = [:]
        var routed: [String: [Route]] = [:]
        for line in actions.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 3 else { continue }
            let operation = ModelOperation(
                name: String(words[2]), members: reading.members(words[3...], of: String(words[2]), known))
            named[operation.name] = operation
            let address = words[1].split(separator: "?")
            let route = Route(query: address.count > 1 ? address[1] : nil, operation: operation)
            // The one that an item chooses comes first.
            routed["\(words[0]) \(address[0])", default: []].insert(route, at: 0)
        }
        self.named = named
        self.routed = routed.mapValues { $0.sorted { $0.query != nil && $1.query == nil } }
    }

    fileprivate static func definition(_ line: Substring) -> (name: Substring, definition: Substring)? {
        guard let sign = line.firstRange(of: " = ") else { return nil }
        return (line[..<sign.lowerBound], line[sign.upperBound...])
    }
}

/// The differences, and how a line is read with them.
private struct ModelTables {
    var definitions: [String: Substring] = [:]
    private var alsoTaken: [Substring: ModelPattern] = [:]

    init(_ differences: String) {
        for line in differences.split(separator: "\n") {
            if let (name, definition) = ServiceModel.definition(line) {
                definitions[String(name)] = definition
            } else if line.hasPrefix("also ") {
                let words = line.dropFirst(5).split(separator: " ", maxSplits: 1)
                if words.count == 2 { alsoTaken[words[0]] = ModelPattern(String(words[1])) }
            }
        }
    }

    func shape(_ text: Substring, named name: String, _ known: [String: ModelShape]) -> ModelShape {
        // The pattern is the rest of the line, spaces and all.
        var words = text.split(separator: " ", maxSplits: 3)
        if words.first == "secret" || words.first == "nullable" {
            words = text.split(separator: " ", maxSplits: 4)
            let modifier = words.removeFirst()
            return modified(shape(words, named: name, known), by: modifier)
        }
        return shape(words, named: name, known)
    }

    private func modified(_ shape: ModelShape, by modifier: Substring) -> ModelShape {
        switch shape {
        case .text(var rule):
            rule.isSecret = true
            return .text(rule)
        case .map(var rule):
            rule.isSecret = true
            return .map(rule)
        case .list(var rule):
            rule.namesNull = modifier != "nullable"
            return .list(rule)
        case .integer, .decimal, .flag, .structure, .opaque: return shape
        }
    }

    private func shape(_ words: [Substring], named name: String, _ known: [String: ModelShape]) -> ModelShape {
        func limit<Number: LosslessStringConvertible>(_ place: Int) -> Number? {
            words.count > place ? Number(String(words[place])) : nil
        }
        let rest = words.dropFirst().joined(separator: " ").split(separator: " ")
        switch words.first {
        case "text":
            return .text(
                ModelShape.TextRule(
                    least: limit(1), most: limit(2), pattern: words.count > 3 ? ModelPattern(String(words[3])) : nil,
                    alsoTaken: alsoTaken[name[...]]))
        case "enum": return .text(ModelShape.TextRule(values: rest.map(String.init)))
        case "integer", "long": return .integer(least: limit(1), most: limit(2), isLong: words[0] == "long")
        case "double": return .decimal(least: limit(1), most: limit(2))
        case "flag": return .flag
        case "list":
            return .list(ModelShape.ListRule(least: limit(1), most: limit(2), element: element(rest.last, known)))
        case "map":
            guard rest.count == 4, case .text(let key) = element(rest[2], known) else { return .opaque }
            return .map(
                ModelShape.MapRule(least: limit(1), most: limit(2), key: key, value: element(rest[3], known)))
        case "structure": return .structure(members(rest[...], of: name, known))
        default: return .opaque
        }
    }

    private func element(_ name: Substring?, _ known: [String: ModelShape]) -> ModelShape {
        name.flatMap { known[String($0)] } ?? .opaque
    }

    /// - Parameter owner: the action or the structure.
    func members(
        _ words: ArraySlice<Substring>, of owner: String, _ known: [String: ModelShape]
    ) -> [ModelMember] {
        words.compactMap { word in
            let parts = word.split(separator: "@", maxSplits: 1)
            let names = parts[0].split(separator: ":", maxSplits: 1)
            guard names.count == 2 else { return nil }
            let shape = definitions["\(owner).\(names[0])"] ?? names[1]
            let place = parts.count > 1 ? parts[1] : nil
            return ModelMember(
                name: String(names[0]), wireName: String((place ?? names[0]).filter { !"{}=".contains($0) }),
                place: Self.place(place), isRequired: shape.hasSuffix("!"),
                shape: element(shape.hasSuffix("!") ? shape.dropLast() : shape, known))
        }
    }

    private static func place(_ text: Substring?) -> ModelMember.Place {
        switch text?.first {
        case nil: .body
        case "{": .path
        case "=": .header
        default: .query
        }
    }
}
