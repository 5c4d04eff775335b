/// What a regular expression says.
indirect enum PatternNode {
    case character(ScalarSet)
    case sequence([PatternNode])
    case either([PatternNode])
    case repeated(PatternNode, atLeast: Int, atMost: Int?)
    case start
    case end
    case ahead(PatternNode, isWanted: Bool)
    case behind(ScalarSet, isWanted: Bool)

    func compiled() -> [PatternStep] {
        var steps: [PatternStep] = []
        append(to: &steps)
        return steps + [.match]
    }

    private func append(to steps: inout [PatternStep]) {
        switch self {
        case .character(let set): steps.append(.character(set))
        case .sequence(let nodes): for node in nodes { node.append(to: &steps) }
        case .either(let nodes): Self.append(nodes[...], to: &steps)
        case .repeated(let node, let least, let most):
            for _ in 0..<least { node.append(to: &steps) }
            guard let most else { return Self.appendLoop(of: node, to: &steps) }
            var forks: [Int] = []
            for _ in least..<max(least, most) {
                forks.append(steps.count)
                steps.append(.match)
                node.append(to: &steps)
            }
            for fork in forks { steps[fork] = .fork(fork + 1, steps.count) }
        case .start: steps.append(.start)
        case .end: steps.append(.end)
        case .ahead(let node, let isWanted): steps.append(.ahead(node.compiled(), isWanted: isWanted))
        case .behind(let set, let isWanted): steps.append(.behind(set, isWanted: isWanted))
        }
    }

    private static func append(_ nodes: ArraySlice<PatternNode>, to steps: inout [PatternStep]) {
        guard let first = nodes.first else { return }
        guard nodes.count > 1 else { return first.append(to: &steps) }
        let fork = steps.count
        steps.append(.match)
        first.append(to: &steps)
        let jump = steps.count
        steps.append(.match)
        steps[fork] = .fork(fork + 1, steps.count)
        append(nodes.dropFirst(), to: &steps)
        steps[jump] = .jump(steps.count)
    }

    private static func appendLoop(of node: PatternNode, to steps: inout [PatternStep]) {
        let fork = steps.count
        steps.append(.match)
        node.append(to: &steps)
        steps.append(.jump(fork))
        steps[fork] = .fork(fork + 1, steps.count)
    }
}

struct PatternParser {
    private var rest: Substring.UnicodeScalarView

    init(_ source: String) { rest = source[...].unicodeScalars }

    /// Nil where something stands that is not understood.
    mutating func parse() -> PatternNode? {
        guard let node = either(), rest.isEmpty else { return nil }
        return node
    }

    private mutating func take(_ text: String) -> Bool {
        guard rest.starts(with: text.unicodeScalars) else { return false }
        rest.removeFirst(text.unicodeScalars.count)
        return true
    }

    private mutating func either() -> PatternNode? {
        var branches: [PatternNode] = []
        repeat {
            guard let branch = sequence() else { return nil }
            branches.append(branch)
        } while take("|")
        return branches.count == 1 ? branches[0] : .either(branches)
    }

    private mutating func sequence() -> PatternNode? {
        var nodes: [PatternNode] = []
        while let scalar = rest.first, scalar != "|", scalar != ")" {
            guard let node = atom(), let counted = repetition(of: node) else { return nil }
            nodes.append(counted)
        }
        return .sequence(nodes)
    }

    private mutating func repetition(of node: PatternNode) -> PatternNode? {
        if take("*") { return .repeated(node, atLeast: 0, atMost: nil) }
        if take("+") { return .repeated(node, atLeast: 1, atMost: nil) }
        if take("?") { return .repeated(node, atLeast: 0, atMost: 1) }
        guard take("{") else { return node }
        guard let least = number() else { return nil }
        if take("}") { return .repeated(node, atLeast: least, atMost: least) }
        guard take(",") else { return nil }
        if take("}") { return .repeated(node, atLeast: least, atMost: nil) }
        guard let most = number(), most >= least, take("}") else { return nil }
        return .repeated(node, atLeast: least, atMost: most)
    }

    private mutating func number() -> Int? {
        let digits = rest.prefix { ("0"..."9").contains($0) }
        rest.removeFirst(digits.count)
        return Int(String(digits))
    }

    private mutating func atom() -> PatternNode? {
        if take("(?!") { return look { .ahead($0, isWanted: false) } }
        if take("(?=") { return look { .ahead($0, isWanted: true) } }
        if take("(?<!") { return lookBehind(isWanted: false) }
        if take("(?<=") { return lookBehind(isWanted: true) }
        if take("(?:") || take("(") { return look { $0 } }
        if take("^") { return .start }
        if take("$") { return .end }
        if take(".") { return .character(.anyInLine) }
        if take("[") { return set().map(PatternNode.character) }
        if take("\\") { return escaped().map(PatternNode.character) }
        guard let scalar = rest.popFirst(), scalar.isASCII, !"*+?{".unicodeScalars.contains(scalar) else { return nil }
        return .character(ScalarSet(scalar...scalar))
    }

    private mutating func look(_ wrap: (PatternNode) -> PatternNode) -> PatternNode? {
        guard let node = either(), take(")") else { return nil }
        return wrap(node)
    }

    private mutating func lookBehind(isWanted: Bool) -> PatternNode? {
        guard case .character(let set) = atom(), take(")") else { return nil }
        return .behind(set, isWanted: isWanted)
    }

    /// What stands in brackets. A hyphen stands for itself where it cannot be part of a range.
    private mutating func set() -> ScalarSet? {
        let isInverted = take("^")
        var set = ScalarSet()
        while !take("]") {
            guard let first = rest.popFirst() else { return nil }
            if first == "\\" {
                let isCharacter = rest.first.map { !"dswDSWp".unicodeScalars.contains($0) } ?? false
                if !isCharacter {
                    guard let escaped = escaped() else { return nil }
                    set = set.union(escaped)
                    continue
                }
            }
            guard let low = first == "\\" ? escapedScalar() : first, low.isASCII else { return nil }
            var high = low
            if let hyphen = rest.first, hyphen == "-", let last = rest.dropFirst().first, last != "]", last != "\\" {
                rest.removeFirst(2)
                high = last
            }
            guard low <= high else { return nil }
            set = set.union(ScalarSet(low...high))
        }
        return isInverted ? set.inverted : set
    }

    private mutating func escaped() -> ScalarSet? {
        if take("d") { return .digits }
        if take("s") { return .spaces }
        if take("w") { return .words }
        if take("D") { return ScalarSet.digits.inverted }
        if take("S") { return ScalarSet.spaces.inverted }
        if take("W") { return ScalarSet.words.inverted }
        if take("p{") {
            guard let name = rest.popFirst(), take("}") else { return nil }
            return ScalarSet.Category(rawValue: Character(name)).map(ScalarSet.init)
        }
        return escapedScalar().map { ScalarSet($0...$0) }
    }

    private mutating func escapedScalar() -> Unicode.Scalar? {
        guard let scalar = rest.popFirst(), scalar.isASCII else { return nil }
        if scalar == "x" {
            let digits = String(rest.prefix(2))
            guard digits.count == 2, let value = UInt8(digits, radix: 16), value < 128 else { return nil }
            rest.removeFirst(2)
            return Unicode.Scalar(value)
        }
        // A letter would mean something that no pattern of AWS's says.
        return scalar.properties.isAlphabetic ? nil : scalar
    }
}
