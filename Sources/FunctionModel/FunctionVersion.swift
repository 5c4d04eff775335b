extension FunctionVersion {
    /// What a client wrote after the name: `$LATEST`, or a number without leading zeroes. nil for anything else, so for
    /// an alias.
    package init?(qualifier: String) {
        if qualifier == "$LATEST" {
            self = .latest
            return
        }
        let digits = qualifier.utf8
        guard let first = digits.first, first != UInt8(ascii: "0"), digits.allSatisfy(\.isDigit),
            let number = Int(qualifier)
        else { return nil }
        self = .published(number)
    }

    /// `$LATEST` or the number.
    package var qualifier: String {
        switch self {
        case .latest: "$LATEST"
        case .published(let number): String(number)
        }
    }
}

extension FunctionVersion: CustomStringConvertible {
    package var description: String { qualifier }
}

/// `$LATEST` first, then by number: the order in which AWS lists versions.
extension FunctionVersion: Comparable {
    package static func < (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (_, .latest): false
        case (.latest, .published): true
        case (.published(let left), .published(let right)): left < right
        }
    }
}
