import Worker

/// Measured values of one kind, in one unit, in the order they were measured.
struct Samples: Sendable {
    private(set) var values: [Double] = []

    init(_ values: [Double] = []) { self.values = values }

    mutating func add(_ value: Double) { values.append(value) }
    mutating func add(_ duration: Duration) { values.append(duration.milliseconds) }
    mutating func add(_ durations: [Duration]) { for duration in durations { add(duration) } }

    var count: Int { values.count }
    var min: Double { values.min() ?? .nan }
    var max: Double { values.max() ?? .nan }
    var last: Double { values.last ?? .nan }
    var p50: Double { percentile(50) }
    var p99: Double { percentile(99) }

    /// The smallest value that at least `percent` of the values do not exceed.
    func percentile(_ percent: Int) -> Double {
        guard !values.isEmpty else { return .nan }
        let rank = (values.count * percent + 99) / 100
        return values.sorted()[Swift.max(rank, 1) - 1]
    }
}
