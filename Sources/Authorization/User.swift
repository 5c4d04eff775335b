/// Somebody who may call the server: a key to sign with, and what he may do.
package struct User: Sendable, Equatable {
    package let name: String
    package let accessKeyID: String
    package let secretAccessKey: String
    package let grants: [Grant]

    /// What is allowed: every one of these actions on every one of these functions.
    package struct Grant: Sendable, Equatable {
        /// As IAM has them, `lambda:Invoke*`; stars stand for anything.
        package let actions: [Pattern]
        /// Names of functions; stars stand for anything.
        package let functions: [Pattern]

        package init(actions: [Pattern], functions: [Pattern]) {
            self.actions = actions
            self.functions = functions
        }
    }

    package init(name: String, accessKeyID: String, secretAccessKey: String, grants: [Grant]) {
        self.name = name
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.grants = grants
    }

    /// - Parameters:
    ///   - action: `lambda:GetFunction`.
    ///   - function: the name of the one function that it is about; nil for what is about none or all, which needs a grant for all.
    package func may(_ action: String, on function: String?) -> Bool {
        grants.contains { grant in
            grant.actions.contains { $0.matches(action) }
                && grant.functions.contains { pattern in function.map(pattern.matches) ?? pattern.matchesAll }
        }
    }

    /// Whether there may be a function on which ``may(_:on:)`` allows it.
    package func mayOnSome(_ action: String) -> Bool {
        grants.contains { grant in !grant.functions.isEmpty && grant.actions.contains { $0.matches(action) } }
    }
}

/// A text in which each `*` stands for any text.
package struct Pattern: Sendable, Equatable {
    private let parts: [[UInt8]]

    package init(_ text: String) {
        parts = text.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map(Array.init)
    }

    package var matchesAll: Bool { parts.count > 1 && parts.allSatisfy(\.isEmpty) }

    package func matches(_ text: String) -> Bool {
        var rest = Array(text.utf8)[...]
        guard let first = parts.first, let last = parts.last else { return false }
        guard parts.count > 1 else { return rest.elementsEqual(first) }
        guard rest.count >= first.count + last.count, rest.starts(with: first), rest.suffix(last.count) == last[...]
        else { return false }
        rest = rest.dropFirst(first.count).dropLast(last.count)
        // Each part as early as it can be: what is left for the others is then as much as it can be.
        for part in parts[1..<parts.count - 1] where !part.isEmpty {
            guard let end = Self.end(of: part, in: rest) else { return false }
            rest = rest[end...]
        }
        return true
    }

    private static func end(of part: [UInt8], in text: ArraySlice<UInt8>) -> Int? {
        guard text.count >= part.count else { return nil }
        for start in text.startIndex...(text.endIndex - part.count)
        where text[start..<start + part.count].elementsEqual(part) {
            return start + part.count
        }
        return nil
    }
}
