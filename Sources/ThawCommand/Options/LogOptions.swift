import ArgumentParser
import Worker

/// How much functions may log, and how long it is kept.
package struct LogOptions: ParsableArguments {
    private static let standard = LogLimits()

    @Option(name: .customLong("log-retention"), help: "Days for which the logs of functions are kept.")
    var days = Int(Self.standard.age.components.seconds / 86_400)

    @Option(
        name: .customLong("log-retention-deleted"),
        help: "Days for which the logs of deleted functions are kept.")
    var daysOfDeleted = Int(Self.standard.ageOfDeleted.components.seconds / 86_400)

    @Option(
        name: .customLong("log-size"),
        help: "Megabytes of logs that are kept of each function; the oldest are removed first.")
    var megabytesOfFunction = Int(Self.standard.bytesOfFunction >> 20)

    @Option(
        name: .customLong("log-size-total"),
        help: "Megabytes of logs that are kept of all functions together; the oldest are removed first.")
    var megabytes = Int(Self.standard.bytes >> 20)

    @Option(
        name: .customLong("log-rate"),
        help: """
            Megabytes a second that each function may log, and eight seconds' worth at once; lines beyond it are dropped, and \
            the log says how many.
            """)
    var megabytesPerSecond = Self.standard.bytesPerSecond >> 20

    package init() {}

    package func validate() throws {
        try check(days, "--log-retention", 1...36_500)
        try check(daysOfDeleted, "--log-retention-deleted", 0...36_500)
        try check(megabytesOfFunction, "--log-size", 1...1_000_000)
        try check(megabytes, "--log-size-total", 1...100_000_000)
        try check(megabytesPerSecond, "--log-rate", 1...1000)
    }

    private func check(_ value: Int, _ name: String, _ range: ClosedRange<Int>) throws {
        guard range.contains(value) else {
            throw ValidationError("\(name) must be \(range.lowerBound) to \(range.upperBound); \(value) was given")
        }
    }

    var limits: LogLimits {
        LogLimits(
            age: .seconds(days * 86_400), ageOfDeleted: .seconds(daysOfDeleted * 86_400),
            bytesOfFunction: Int64(megabytesOfFunction) << 20, bytes: Int64(megabytes) << 20,
            bytesPerSecond: megabytesPerSecond << 20)
    }
}
