/// One row of a benchmark, and one line of its JSON.
struct Measurement: Encodable, Sendable {
    var bench: String
    var `case`: String
    var metric: String
    var unit: String
    var n: Int
    var min: Double
    var p50: Double
    var p99: Double
    var max: Double
    var goal: Double?
    /// Whether the goal was reached; absent when there is none.
    var met: Bool?

    /// What the goal is for.
    enum Goal: Sendable {
        case p50AtMost(Double)
        case maxAtMost(Double)
        case p50AtLeast(Double)
    }

    init(_ bench: String, _ name: String, metric: String, unit: String = "ms", _ samples: Samples, goal: Goal? = nil) {
        self.bench = bench
        self.case = name
        self.metric = metric
        self.unit = unit
        (n, min, p50, p99, max) = (samples.count, samples.min, samples.p50, samples.p99, samples.max)
        switch goal {
        case nil: break
        case .p50AtMost(let limit): (self.goal, met) = (limit, p50 <= limit)
        case .maxAtMost(let limit): (self.goal, met) = (limit, max <= limit)
        case .p50AtLeast(let limit): (self.goal, met) = (limit, p50 >= limit)
        }
    }
}
