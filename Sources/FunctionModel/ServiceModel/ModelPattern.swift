/// A regular expression of AWS's service model, which are Java's, held against whole texts.
///
/// Texts come from outside: all ways to match are followed at once, so that the time is linear in their length.
package struct ModelPattern: Sendable {
    package let source: String
    private let program: [PatternStep]

    /// Nil for what is none, or has parts that no pattern of AWS's has.
    package init?(_ source: String) {
        var parser = PatternParser(source)
        guard let node = parser.parse() else { return nil }
        self.source = source
        program = node.compiled()
    }

    package func matches(_ text: String) -> Bool {
        PatternRun(text: Array(text.unicodeScalars)).matches(program, from: 0, whole: true)
    }
}

/// Goes on at the next step, unless it says otherwise.
enum PatternStep: Sendable {
    case character(ScalarSet)
    case fork(Int, Int)
    case jump(Int)
    case start
    case end
    case ahead([PatternStep], isWanted: Bool)
    case behind(ScalarSet, isWanted: Bool)
    case match
}

private struct PatternRun {
    let text: [Unicode.Scalar]

    /// - Parameter whole: whether the match must end where the text does.
    func matches(_ program: [PatternStep], from start: Int, whole: Bool) -> Bool {
        var present: [Int] = []
        var seen = [Bool](repeating: false, count: program.count)
        var position = start
        enter(0, of: program, at: position, &present, &seen)
        while true {
            let isOver = position == text.count
            for step in present where isOver || !whole {
                if case .match = program[step] { return true }
            }
            guard !isOver, !present.isEmpty else { return false }
            let scalar = text[position]
            position += 1
            var next: [Int] = []
            seen = [Bool](repeating: false, count: program.count)
            for step in present {
                if case .character(let set) = program[step], set.contains(scalar) {
                    enter(step + 1, of: program, at: position, &next, &seen)
                }
            }
            present = next
        }
    }

    /// Adds a step and what follows from it without another character.
    private func enter(
        _ first: Int, of program: [PatternStep], at position: Int, _ steps: inout [Int], _ seen: inout [Bool]
    ) {
        var open = [first]
        while let step = open.popLast() {
            guard !seen[step] else { continue }
            seen[step] = true
            switch program[step] {
            case .character, .match: steps.append(step)
            case .jump(let target): open.append(target)
            case .fork(let one, let other): open += [other, one]
            case .start: if position == 0 { open.append(step + 1) }
            case .end: if position == text.count { open.append(step + 1) }
            case .ahead(let inner, let isWanted):
                if matches(inner, from: position, whole: false) == isWanted { open.append(step + 1) }
            case .behind(let set, let isWanted):
                if (position > 0 && set.contains(text[position - 1])) == isWanted { open.append(step + 1) }
            }
        }
    }
}

/// Unicode scalars, as a class of characters names them.
struct ScalarSet: Sendable {
    /// A bit for each of ASCII's.
    private var low: UInt64 = 0
    private var high: UInt64 = 0
    private var hasOthers = false
    private var categories: Set<Category> = []

    enum Category: Character, Sendable {
        case letters = "L"
        case separators = "Z"
        case numbers = "N"

        func contains(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar.properties.generalCategory {
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: self == .letters
            case .spaceSeparator, .lineSeparator, .paragraphSeparator: self == .separators
            case .decimalNumber, .letterNumber, .otherNumber: self == .numbers
            default: false
            }
        }
    }

    static let digits = ScalarSet("0"..."9")
    static let spaces = ScalarSet("\t"..."\r").union(ScalarSet(" "..." "))
    static let words = digits.union(ScalarSet("a"..."z")).union(ScalarSet("A"..."Z")).union(ScalarSet("_"..."_"))
    /// What `.` stands for. The line ends beyond ASCII count as others here.
    static let anyInLine = ScalarSet("\n"..."\n").union(ScalarSet("\r"..."\r")).inverted

    init() {}

    init(_ category: Category) {
        categories = [category]
        for value in UInt8(0)..<128 where category.contains(Unicode.Scalar(value)) { insert(value) }
    }

    /// - Parameter range: of ASCII.
    init(_ range: ClosedRange<Unicode.Scalar>) {
        for value in range.lowerBound.value...range.upperBound.value where value < 128 { insert(UInt8(value)) }
    }

    private mutating func insert(_ value: UInt8) {
        if value < 64 { low |= 1 << UInt64(value) } else { high |= 1 << UInt64(value - 64) }
    }

    func union(_ other: ScalarSet) -> ScalarSet {
        var all = self
        all.low |= other.low
        all.high |= other.high
        all.hasOthers = hasOthers || other.hasOthers
        all.categories.formUnion(other.categories)
        return all
    }

    /// Classes with categories of Unicode's are nowhere inverted.
    var inverted: ScalarSet {
        var rest = ScalarSet()
        rest.low = ~low
        rest.high = ~high
        rest.hasOthers = !hasOthers
        return rest
    }

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<64: low >> UInt64(scalar.value) & 1 == 1
        case 64..<128: high >> UInt64(scalar.value - 64) & 1 == 1
        default: hasOthers || categories.contains { $0.contains(scalar) }
        }
    }
}
