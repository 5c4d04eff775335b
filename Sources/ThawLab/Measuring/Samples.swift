import Worker

/// Measured values of one kind, in one unit, in the order they were measured.
package struct Samples: Sendable {
    package private(set) var values: [Double] = []

    package init(_ values: [Double] = []) { self.values = values }

    package mutating func add(_ value: Double) { values.append(value) }
    package mutating func add(_ duration: Duration) { values.append(duration.milliseconds) }
    package mutating func add(_ durations: [Duration]) { for duration in durations { add(duration) } }

    var count: Int { values.count }
    package var min: Double { values.min() ?? .nan }
    package var max: Double { values.max() ?? .nan }
    package var last: Double { values.last ?? .nan }
    package var p50: Double { percentile(50) }
    package var p99: Double { percentile(99) }

    /// The smallest value that at least `percent` of the values do not exceed.
    package func percentile(_ percent: Int) -> Double {
        guard !values.isEmpty else { return .nan }
        let rank = (values.count * percent + 99) / 100
        return values.sorted()[Swift.max(rank, 1) - 1]
    }
}
