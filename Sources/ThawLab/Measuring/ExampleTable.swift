import ServerAssembly
import Terminal

/// What was measured of one example, the isolation levels side by side.
package enum ExampleTable {
    package struct Level: Sendable {
        let isolation: Isolation
        /// In the order of the examples.
        let runs: [ExampleRun]

        package init(isolation: Isolation, runs: [ExampleRun]) {
            self.isolation = isolation
            self.runs = runs
        }

    }

    package static func text(_ function: MeasuredFunction, at index: Int, of levels: [Level]) -> String {
        let runs = levels.map { (name: $0.isolation.rawValue, run: $0.runs[index]) }
        var table = Table(
            [""] + runs.flatMap { ["N", "\($0.name.uppercased()) P50", "P99"] }, alignRight: Set(1...(3 * runs.count)))
        for (name, samples, format) in rows {
            table.add(
                [name]
                    + runs.map { $0.run[keyPath: samples] }.flatMap { ["\($0.count)", format($0.p50), format($0.p99)] })
        }
        let reductions = runs.map { "\(Format.percent($0.run.reduction)) of the cold start as \($0.name)" }
        return """
            \(function.name) (\(function.runtime), \(function.memorySize) MB)
            \(table.text)
            The snapshot takes away \(reductions.joined(separator: ", ")).

            """
    }

    private static var rows: [(String, KeyPath<ExampleRun, Samples>, (Double) -> String)] {
        [
            ("cold start, without a snapshot", \.cold, Format.milliseconds),
            ("restore of a clone", \.restore, Format.milliseconds),
            ("first response of a new clone", \.first, Format.milliseconds),
            ("first response, new clones at once", \.concurrent, Format.milliseconds),
            ("response of a warm clone", \.warm, Format.milliseconds),
            ("memory of a clone, its own", \.unique, Format.mebibytes),
            ("memory of a clone, shared", \.shared, Format.mebibytes),
        ]
    }
}
