/// Ids of users or groups in a row.
package struct IDRange: Sendable, Equatable {
    package let first: UInt32
    package let count: Int

    init(first: UInt32, count: Int) {
        self.first = first
        self.count = count
    }

    package enum Flaw: Error, Sendable, Equatable {
        case form
        case tooFew
        case ofTheHost
        case tooLarge

        package var text: String {
            switch self {
            case .form: "is not of the form START:COUNT"
            case .tooFew: "has less than \(least) ids"
            case .ofTheHost: "has ids below \(lowest), 65534 or 65535, which are the host's own"
            case .tooLarge: "has ids above \(highest)"
            }
        }
    }

    private static let least = 2
    /// Those below are given to system users.
    private static let lowest: UInt64 = 1000
    /// One more, and it says "no user".
    private static let highest = UInt64(UInt32.max) - 1
    /// Nobody, and what 16 bits say for "no user".
    private static let reserved: ClosedRange<UInt64> = 65_534...65_535

    /// Of `START:COUNT`, as in subuid(5).
    package init(_ text: some StringProtocol) throws(Flaw) {
        let numbers = text.split(separator: ":", omittingEmptySubsequences: false).map { part in
            part.utf8.allSatisfy { (48...57).contains($0) } ? UInt64(part) : nil
        }
        guard numbers.count == 2, let first = numbers[0], let count = numbers[1] else { throw .form }
        guard count >= Self.least else { throw .tooFew }
        let (last, overflow) = first.addingReportingOverflow(count - 1)
        guard !overflow, last <= Self.highest else { throw .tooLarge }
        guard first >= Self.lowest, !(first...last).overlaps(Self.reserved) else { throw .ofTheHost }
        self.init(first: UInt32(first), count: Int(count))
    }

    var all: ClosedRange<UInt64> { UInt64(first)...UInt64(first) + UInt64(count) - 1 }
}

extension IDRange: CustomStringConvertible {
    package var description: String { "\(all.lowerBound) to \(all.upperBound)" }
}
