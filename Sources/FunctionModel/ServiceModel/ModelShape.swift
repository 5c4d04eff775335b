/// What AWS's service model says of a value.
package indirect enum ModelShape: Sendable {
    case text(TextRule)
    case integer(least: Int?, most: Int?, isLong: Bool)
    case decimal(least: Double?, most: Double?)
    case flag
    case list(ListRule)
    case map(MapRule)
    case structure([ModelMember])
    /// Held to nothing: a blob, a time.
    case opaque

    package struct TextRule: Sendable {
        var least: Int?
        var most: Int?
        var pattern: ModelPattern?
        /// What is taken beyond AWS's pattern, which refusals do not name.
        var alsoTaken: ModelPattern?
        /// Empty where it is no enumeration.
        var values: [String] = []
        /// Whether refusals leave the value out.
        var isSecret = false
    }

    package struct ListRule: Sendable {
        var least: Int?
        var most: Int?
        package var element: ModelShape
        /// Refusals of some lists do not say that an element must not be null.
        var namesNull = true
    }

    package struct MapRule: Sendable {
        var least: Int?
        var most: Int?
        var key: TextRule
        package var value: ModelShape
        var isSecret = false
    }
}

package struct ModelMember: Sendable {
    package enum Place: Sendable {
        case path
        case query
        case header
        case body
    }

    package let name: String
    /// Its name where it stands: `tagKeys` of the query.
    package let wireName: String
    package let place: Place
    package let isRequired: Bool
    package let shape: ModelShape

    /// As refusals name it.
    var path: String { name.prefix(1).lowercased() + name.dropFirst() }
}

/// An action of AWS's service model, and what it says of the action's members.
package struct ModelOperation: Sendable {
    package let name: String
    package let members: [ModelMember]

    package var hasBody: Bool { members.contains { $0.place == .body } }

    /// Refuses what AWS's front door would, and names all of it at once.
    ///
    /// - Parameter values: by the members' names.
    package func check(_ values: [String: ModelValue]) throws(LambdaError) {
        var violations = ConstraintViolations()
        violations.check(values, members, below: "")
        try violations.throwIfAny()
    }
}

/// A value of a request, read as its shape says.
package enum ModelValue: Sendable, Equatable {
    case null
    case text(String)
    case integer(Int)
    case decimal(Double)
    case flag(Bool)
    case list([ModelValue])
    case map([String: ModelValue])
    case structure([String: ModelValue])
    case opaque
}

extension ModelValue: CustomStringConvertible {
    /// As Java writes it, and with it AWS's refusals.
    package var description: String {
        switch self {
        case .null: "null"
        case .text(let text): text
        case .integer(let number): "\(number)"
        case .decimal(let number): "\(number)"
        case .flag(let flag): "\(flag)"
        case .list(let elements): "[\(elements.map(\.description).joined(separator: ", "))]"
        case .map(let entries), .structure(let entries):
            "{\(entries.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", "))}"
        case .opaque: ""
        }
    }
}
