/// Collects what is wrong with a request's members and words it as AWS's front door does:
/// `2 validation errors detected: Value '…' at '…' failed to satisfy constraint: …; Value …`.
package struct ConstraintViolations: Sendable {
    /// A rule of AWS's service model.
    package enum Constraint: Sendable {
        case lengthAtMost(Int)
        case lengthAtLeast(Int)
        case valueAtMost(Int)
        case valueAtLeast(Int)
        case pattern(String)
        case oneOf([String])
        case notNull
        /// The wording of a rule about the elements of a list or map, given whole.
        case elements(String)

        var description: String {
            switch self {
            case .lengthAtMost(let limit): "Member must have length less than or equal to \(limit)"
            case .lengthAtLeast(let limit): "Member must have length greater than or equal to \(limit)"
            case .valueAtMost(let limit): "Member must have value less than or equal to \(limit)"
            case .valueAtLeast(let limit): "Member must have value greater than or equal to \(limit)"
            case .pattern(let source): "Member must satisfy regular expression pattern: \(source)"
            case .oneOf(let values): "Member must satisfy enum value set: [\(values.joined(separator: ", "))]"
            case .notNull: "Member must not be null"
            case .elements(let text): text
            }
        }
    }

    private var sentences: [String] = []

    package init() {}

    package var isEmpty: Bool { sentences.isEmpty }

    /// - Parameter path: the member as AWS names it: `snapStart.applyOn`.
    package mutating func add(_ value: String, at path: String, _ constraint: Constraint) {
        append("Value '\(value)'", at: path, constraint)
    }

    /// A required member that was not given.
    package mutating func addMissing(at path: String) { append("Value null", at: path, .notNull) }

    /// A member whose value AWS does not repeat because it may be a secret.
    package mutating func addSensitive(at path: String, _ constraint: Constraint) {
        append("Value", at: path, constraint)
    }

    package mutating func checkRange(_ value: Int, at path: String, _ range: ClosedRange<Int>) {
        if value < range.lowerBound { add(String(value), at: path, .valueAtLeast(range.lowerBound)) }
        if value > range.upperBound { add(String(value), at: path, .valueAtMost(range.upperBound)) }
    }

    /// `\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+`
    package mutating func addQualifier(_ qualifier: String) {
        if qualifier.utf8.count > Limits.qualifier {
            add(qualifier, at: "qualifier", .lengthAtMost(Limits.qualifier))
        }
        let fits = qualifier.utf8.allSatisfy { $0.isNameCharacter || $0 == UInt8(ascii: "$") }
        if qualifier.isEmpty || !(fits || qualifier == "$LATEST.PUBLISHED") {
            add(qualifier, at: "qualifier", .pattern(#"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"#))
        }
    }

    /// Throws one error that names them all; does nothing when there is none.
    package func throwIfAny(as code: LambdaError.Code = .validation) throws(LambdaError) {
        guard !sentences.isEmpty else { return }
        let count = sentences.count == 1 ? "1 validation error" : "\(sentences.count) validation errors"
        throw LambdaError(code: code, message: "\(count) detected: \(sentences.joined(separator: "; "))")
    }

    private mutating func append(_ value: String, at path: String, _ constraint: Constraint) {
        sentences.append("\(value) at '\(path)' failed to satisfy constraint: \(constraint.description)")
    }
}
