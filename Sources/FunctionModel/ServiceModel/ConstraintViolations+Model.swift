/// The rules of the service model, in AWS's order: the members', and of each its length, its value, its pattern.
extension ConstraintViolations {
    mutating func check(_ values: [String: ModelValue], _ members: [ModelMember], below path: String) {
        for member in members {
            let place = path + member.path
            switch values[member.name] ?? .null {
            case .null: if member.isRequired { addMissing(at: place) }
            case let value: check(value, member.shape, at: place)
            }
        }
    }

    private mutating func check(_ value: ModelValue, _ shape: ModelShape, at path: String) {
        switch (value, shape) {
        case (.structure(let values), .structure(let members)): check(values, members, below: path + ".")
        case (.list(let elements), .list(let rule)): check(elements, rule, at: path)
        case (.map(let entries), .map(let rule)): check(entries, rule, at: path)
        case (.text(let text), .text(let rule)):
            for constraint in rule.constraints where !rule.holds(constraint, for: text) {
                if rule.isSecret { addSensitive(at: path, constraint) } else { add(text, at: path, constraint) }
            }
        default:
            for constraint in shape.constraints where !shape.holds(constraint, for: value) {
                add(value.description, at: path, constraint)
            }
        }
    }

    private mutating func check(_ elements: [ModelValue], _ rule: ModelShape.ListRule, at path: String) {
        let shown = ModelValue.list(elements).description
        if let most = rule.most, elements.count > most { add(shown, at: path, .lengthAtMost(most)) }
        if let least = rule.least, elements.count < least { add(shown, at: path, .lengthAtLeast(least)) }
        if case .structure(let members) = rule.element {
            for (index, element) in elements.enumerated() {
                if case .structure(let values) = element {
                    check(values, members, below: "\(path).\(index + 1).member.")
                }
            }
        } else if !elements.allSatisfy(rule.element.fits), let wording = rule.wording {
            add(shown, at: path, .elements(wording))
        }
    }

    private mutating func check(_ entries: [String: ModelValue], _ rule: ModelShape.MapRule, at path: String) {
        let shown = ModelValue.map(entries).description
        var broken: [Constraint] = []
        if let most = rule.most, entries.count > most { broken.append(.lengthAtMost(most)) }
        if let least = rule.least, entries.count < least { broken.append(.lengthAtLeast(least)) }
        if !entries.keys.allSatisfy(rule.key.fits) {
            broken.append(.elements("Map keys must satisfy constraint: [\(Self.wording(rule.key.constraints))]"))
        }
        if !entries.values.allSatisfy(rule.value.fits) {
            let wording = Self.wording(rule.value.constraints + [.notNull])
            broken.append(.elements("Map value must satisfy constraint: [\(wording)]"))
        }
        for constraint in broken {
            if rule.isSecret { addSensitive(at: path, constraint) } else { add(shown, at: path, constraint) }
        }
    }

    fileprivate static func wording(_ constraints: [Constraint]) -> String {
        constraints.map(\.description).joined(separator: ", ")
    }
}

extension ModelShape.TextRule {
    var constraints: [ConstraintViolations.Constraint] {
        var all: [ConstraintViolations.Constraint] = []
        if let most { all.append(.lengthAtMost(most)) }
        if let least { all.append(.lengthAtLeast(least)) }
        if let pattern { all.append(.pattern(pattern.source)) }
        if !values.isEmpty { all.append(.oneOf(values)) }
        return all
    }

    func holds(_ constraint: ConstraintViolations.Constraint, for text: String) -> Bool {
        switch constraint {
        case .lengthAtMost(let most): text.utf16.count <= most
        case .lengthAtLeast(let least): text.utf16.count >= least
        case .pattern: pattern?.matches(text) != false || alsoTaken?.matches(text) == true
        case .oneOf(let values): values.contains(text)
        case .valueAtMost, .valueAtLeast, .notNull, .elements: true
        }
    }

    func fits(_ text: String) -> Bool { constraints.allSatisfy { holds($0, for: text) } }
}

extension ModelShape.ListRule {
    /// What is said where an element does not fit; nil where nothing is asked of elements.
    fileprivate var wording: String? {
        let constraints = element.constraints + (namesNull ? [.notNull] : [])
        guard !constraints.isEmpty else { return nil }
        return "Member must satisfy constraint: [\(ConstraintViolations.wording(constraints))]"
    }
}

extension ModelShape {
    fileprivate var constraints: [ConstraintViolations.Constraint] {
        switch self {
        case .text(let rule): return rule.constraints
        case .integer(let least, let most, _):
            return (most.map { [.valueAtMost($0)] } ?? []) + (least.map { [.valueAtLeast($0)] } ?? [])
        case .decimal(let least, let most):
            return (most.map { [.elements("Member must have value less than or equal to \($0)")] } ?? [])
                + (least.map { [.elements("Member must have value greater than or equal to \($0)")] } ?? [])
        case .list(let rule):
            return (rule.most.map { [.lengthAtMost($0)] } ?? []) + (rule.least.map { [.lengthAtLeast($0)] } ?? [])
                + (rule.wording.map { [.elements($0)] } ?? [])
        case .flag, .map, .structure, .opaque: return []
        }
    }

    /// Whether one of ``constraints`` holds for a number.
    fileprivate func holds(_ constraint: ConstraintViolations.Constraint, for value: ModelValue) -> Bool {
        switch (constraint, value, self) {
        case (.valueAtMost(let most), .integer(let number), _): number <= most
        case (.valueAtLeast(let least), .integer(let number), _): number >= least
        default: true
        }
    }

    fileprivate func fits(_ value: ModelValue) -> Bool {
        switch (value, self) {
        case (.null, _): return false
        case (.text(let text), .text(let rule)): return rule.fits(text)
        case (.integer(let number), .integer(let least, let most, _)):
            return number >= least ?? .min && number <= most ?? .max
        case (.decimal(let number), .decimal(let least, let most)):
            return number >= least ?? -.infinity && number <= most ?? .infinity
        case (.list(let elements), .list(let rule)):
            return elements.count >= rule.least ?? 0 && elements.count <= rule.most ?? .max
                && elements.allSatisfy(rule.element.fits)
        default: return true
        }
    }
}
