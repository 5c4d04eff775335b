import FunctionModel

extension JSONValue {
    /// Whether everything `part` says is so here: objects may have more members, everything else is equal.
    func contains(_ part: JSONValue) -> Bool {
        switch (self, part) {
        case (.object(let whole), .object(let part)):
            part.allSatisfy { key, value in whole[key].map { $0.contains(value) } ?? false }
        case (.array(let whole), .array(let part)):
            whole.count == part.count && zip(whole, part).allSatisfy { $0.contains($1) }
        // Sums of cents are not exact.
        case (.number(let left), .number(let right)): abs(left - right) <= 1e-9 * max(1, abs(right))
        default: self == part
        }
    }
}
