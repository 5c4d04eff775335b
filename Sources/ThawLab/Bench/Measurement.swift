/// One row of a benchmark, and one line of its JSON.
package struct Measurement: Encodable, Sendable {
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
    package enum Goal: Sendable {
        case p50AtMost(Double)
        case p99AtMost(Double)
        case maxAtMost(Double)
        case p50AtLeast(Double)
        /// For values that must not have grown, or shrunk, by the end of a run.
        case lastAtMost(Double)
        case lastAtLeast(Double)

        var value: Double {
            switch self {
            case .p50AtMost(let value), .p99AtMost(let value), .maxAtMost(let value), .p50AtLeast(let value),
                .lastAtMost(let value), .lastAtLeast(let value):
                value
            }
        }

        package func isMet(by samples: Samples) -> Bool {
            switch self {
            case .p50AtMost(let limit): samples.p50 <= limit
            case .p99AtMost(let limit): samples.p99 <= limit
            case .maxAtMost(let limit): samples.max <= limit
            case .p50AtLeast(let limit): samples.p50 >= limit
            case .lastAtMost(let limit): samples.last <= limit
            case .lastAtLeast(let limit): samples.last >= limit
            }
        }
    }

    package init(
        _ bench: String, _ name: String, metric: String, unit: String = "ms", _ samples: Samples, goal: Goal? = nil
    ) {
        self.bench = bench
        self.case = name
        self.metric = metric
        self.unit = unit
        (n, min, p50, p99, max) = (samples.count, samples.min, samples.p50, samples.p99, samples.max)
        self.goal = goal?.value
        met = goal?.isMet(by: samples)
    }
}
