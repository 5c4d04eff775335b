/// The checks of TagResource and UntagResource, which CreateFunction's `Tags` pass too.
extension FunctionValidation {
    /// Checks the `Tags` of TagResource.
    package static func checkTags(_ tags: [String: String]?, by server: ServerAbilities) throws(LambdaError) {
        var violations = ConstraintViolations()
        if tags == nil { violations.addMissing(at: "tags") }
        violations.checkTags(tags ?? [:])
        try violations.throwIfAny()
        guard let tags, !tags.isEmpty else { throw .noTags }
        try checkMeaning(of: tags, by: server)
    }

    /// Checks the `TagKeys` of UntagResource.
    package static func checkTagKeys(_ keys: [String]) throws(LambdaError) {
        var violations = ConstraintViolations()
        if keys.isEmpty { violations.addMissing(at: "tagKeys") }
        for key in keys { violations.checkTagKey(key, at: "tagKeys") }
        try violations.throwIfAny()
        if let key = keys.first(where: isReserved) { throw .reservedTag(key) }
    }

    /// Checks how many tags a function would have.
    package static func checkCount(of tags: [String: String]) throws(LambdaError) {
        if tags.count > Limits.tags { throw .tooManyTags }
    }

    /// Checks what the service model does not: reserved keys, and the values of those that mean something here.
    static func checkMeaning(of tags: [String: String], by server: ServerAbilities) throws(LambdaError) {
        try checkCount(of: tags)
        if let key = tags.keys.sorted().first(where: isReserved) { throw .reservedTag(key) }
        if let value = tags[FunctionTags.networkKey], NetworkChoice(value) == nil { throw .invalidNetwork(value) }
        guard let value = tags[FunctionTags.isolationKey] else { return }
        guard let choice = IsolationChoice(rawValue: value) else { throw .invalidIsolation(value) }
        guard choice == .auto || server.isolations.contains(choice) else {
            throw .unavailable(isolation: choice, available: server.isolations)
        }
    }

    private static func isReserved(_ key: String) -> Bool { key.lowercased().hasPrefix(FunctionTags.reservedPrefix) }
}

extension ConstraintViolations {
    mutating func checkTags(_ tags: [String: String]) {
        for (key, value) in tags.sorted(by: { $0.key < $1.key }) {
            checkTagKey(key, at: "tags")
            if value.utf16.count > Limits.tagValue { add(value, at: "tags", .lengthAtMost(Limits.tagValue)) }
        }
    }

    mutating func checkTagKey(_ key: String, at path: String) {
        if key.isEmpty { add(key, at: path, .lengthAtLeast(1)) }
        if key.utf16.count > Limits.tagKey { add(key, at: path, .lengthAtMost(Limits.tagKey)) }
    }
}
