/// One line of a plot, and one line of the JSON: what no table has room for.
package struct Series: Encodable, Sendable {
    package struct Point: Encodable, Sendable, Equatable {
        var x: Double
        var y: Double

        package init(x: Double, y: Double) {
            self.x = x
            self.y = y
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.unkeyedContainer()
            try container.encode(x)
            try container.encode(y)
        }
    }

    var bench: String
    var `case`: String
    /// What the points tell; lines with the same name belong into one plot.
    var series: String
    /// What is counted along each axis, with its unit.
    var x: String
    var y: String
    var points: [Point]

    package init(bench: String, case: String, series: String, x: String, y: String, points: [Point]) {
        self.bench = bench
        self.case = `case`
        self.series = series
        self.x = x
        self.y = y
        self.points = points
    }

    /// `values` in their order, each point the median of up to `width` of them at the number of the first: a line that can be
    /// read.
    package static func smoothed(_ values: [Double], width: Int) -> [Point] {
        stride(from: 0, to: values.count, by: max(1, width)).map { start in
            Point(x: Double(start), y: Samples(Array(values[start..<min(start + max(1, width), values.count)])).p50)
        }
    }

    /// How large a part of the values is at most so large: at each percentile the value, in `x`, and the part, in `y`.
    package static func distribution(_ samples: Samples) -> [Point] {
        guard samples.count > 0 else { return [] }
        let ordered = samples.values.sorted()
        return (1...999).map { permille in
            let rank = (ordered.count * permille + 999) / 1000
            return Point(x: ordered[max(rank, 1) - 1], y: Double(permille) / 1000)
        }
    }
}
