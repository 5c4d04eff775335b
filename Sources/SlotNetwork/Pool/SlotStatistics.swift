/// What a pool measures about itself.
package struct SlotStatistics: Sendable {
    /// From the call of a claim to its return, and from the call that bound it to that one's.
    package internal(set) var claims = DurationHistogram()
    package internal(set) var builds = DurationHistogram()
    package internal(set) var resets = DurationHistogram()
    /// What each slot took to be built, in the order of their indices; zero where one was not built by this server.
    package private(set) var buildTimes: [Duration] = []

    mutating func note(_ duration: Duration, ofBuilding index: Int) {
        if buildTimes.count <= index {
            buildTimes += Array(repeating: .zero, count: index + 1 - buildTimes.count)
        }
        buildTimes[index] = duration
    }
}

/// How long something took, in classes that each reach twice as far as the one before.
package struct DurationHistogram: Sendable, Equatable, Codable {
    /// The first class ends at 250 ns, the last has no end.
    package static let firstLimit: UInt64 = 250
    package private(set) var classes = [UInt64](repeating: 0, count: 28)
    package private(set) var count: UInt64 = 0
    /// Nanoseconds.
    package private(set) var sum: UInt64 = 0

    package init() {}

    package mutating func add(_ nanoseconds: UInt64) {
        let scaled = max(1, (nanoseconds + Self.firstLimit - 1) / Self.firstLimit)
        let index = 64 - (scaled - 1).leadingZeroBitCount
        classes[min(scaled == 1 ? 0 : index, classes.count - 1)] += 1
        count += 1
        sum += nanoseconds
    }

    /// The end of the class in which the share of all lies, in nanoseconds; 0 when there are none.
    package func quantile(_ share: Double) -> UInt64 {
        let wanted = UInt64((Double(count) * share).rounded(.up))
        var seen: UInt64 = 0
        for (index, number) in classes.enumerated() {
            seen += number
            if seen >= wanted, number > 0 || wanted > 0 { return Self.firstLimit << UInt64(index) }
        }
        return 0
    }
}
