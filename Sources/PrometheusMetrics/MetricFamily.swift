/// What a metric is and means, said once by whoever defines it.
package struct MetricDescription: Sendable, Equatable {
    package enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    package var name: String
    package var kind: Kind
    /// One sentence, for `# HELP`; empty: the line is left out.
    package var help: String
    /// The upper ends of a histogram's buckets, ascending and without +Inf, in the metric's own unit.
    package var buckets: [Double]

    package init(_ name: String, _ kind: Kind, help: String, buckets: [Double] = defaultBuckets) {
        self.name = name
        self.kind = kind
        self.help = help
        self.buckets = buckets
    }

    /// Seconds, from a warm invocation to an init.
    package static let defaultBuckets: [Double] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]
}

/// One metric as it stands at a scrape: all its series.
package struct MetricFamily: Sendable, Equatable {
    package enum Value: Sendable, Equatable {
        case number(Double)
        case histogram(HistogramValue)
    }

    package struct Sample: Sendable, Equatable {
        package var labels: [MetricLabel]
        package var value: Value

        package init(_ labels: [MetricLabel] = [], _ value: Value) {
            self.labels = labels
            self.value = value
        }

        package init(_ labels: [MetricLabel] = [], _ number: some BinaryInteger) {
            self.init(labels, .number(Double(number)))
        }
    }

    package var description: MetricDescription
    package var samples: [Sample]

    package init(_ description: MetricDescription, _ samples: [Sample]) {
        self.description = description
        self.samples = samples
    }
}

package struct MetricLabel: Sendable, Hashable, Comparable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    package static func < (one: Self, other: Self) -> Bool { (one.name, one.value) < (other.name, other.value) }
}

package struct HistogramValue: Sendable, Equatable {
    /// As ``MetricDescription/buckets``.
    package var bounds: [Double]
    /// How many values fell into each bucket and into no one before it; one more than bounds, for what is beyond the last.
    package var counts: [UInt64]
    package var sum: Double

    package init(bounds: [Double], counts: [UInt64], sum: Double) {
        self.bounds = bounds
        self.counts = counts
        self.sum = sum
    }
}
