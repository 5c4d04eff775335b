import LinuxKit
import SlotNetwork
import Terminal
import Worker

/// What it takes to have thousands of slots: ours, all of them at the start; and made when they are asked for, beside thousands.
package struct SlotsBenchmark: Sendable {
    /// How many exist already, as parts of the whole number.
    private static let densities = [0, 0.125, 0.25, 0.5, 1]
    private static let more = 20
    /// What one more slot takes beside few: the first ones.
    private static let few = 250
    /// So many neighbours are averaged for a point of the plot.
    private static let smoothing = 100
    private static let cost = "cost of one more slot"

    let context: BenchContext

    func run() async throws {
        let progress = Progress.report("slots")
        try await ours(.direct, seconds: 10, kilobytes: 150, progress)
        try await NetworkKernel.settle()
        try await ours(.bridged, seconds: 30, kilobytes: 600, progress)
        try await NetworkKernel.settle()
        if try ProgramAttachment.best() != .clsact {
            try await ours(.direct, .clsact, seconds: 10, kilobytes: 150, progress)
            try await NetworkKernel.settle()
        }
        try await onDemand(progress)
    }

    // MARK: - All at the start

    /// The goals are for 4,000.
    private func ours(
        _ layout: SlotLayout, _ attachment: ProgramAttachment? = nil, seconds: Double, kilobytes: Double,
        _ progress: @escaping @Sendable (String) -> Void
    ) async throws {
        let name = layout.rawValue + (attachment.map { ", by \($0.rawValue)" } ?? "")
        progress("\(context.count) slots, \(name)")
        let host = try await BlockingThread.run { () throws(NetworkError) in try BenchHost.make() }
        let memory = try NetworkKernel.usedMemory()
        let start = ContinuousClock.now
        let directory = context.directory
        let count = context.count
        let (first, all, used, times) = try await BenchSlots.with(
            count, layout, attachment: attachment, on: host, in: directory
        ) { pool in
            _ = try await pool.claim()
            let first = ContinuousClock.now - start
            await pool.prepare()
            let all = ContinuousClock.now - start
            return (first, all, try NetworkKernel.usedMemory() - memory, pool.statistics.buildTimes)
        }
        context.report(name, "the first slot is ready", Samples([first.milliseconds]))
        context.report(
            name, "\(count) slots are ready", unit: "s", Samples([all.milliseconds / 1e3]), goal: .maxAtMost(seconds))
        context.report(
            name, "kernel memory of a slot", unit: "kB", Samples([Double(used) / 1e3 / Double(count)]),
            goal: .maxAtMost(kilobytes))
        report(name, Samples(times.map(\.milliseconds)))
    }

    /// What each slot took, in the order they were built.
    private func report(_ name: String, _ times: Samples) {
        context.report(name, "one more slot", times)
        let ratio = Self.growth(times.values)
        context.report(
            name, "the second half against the first \(Self.few)", unit: "x", Samples([ratio]), goal: .maxAtMost(1.2))
        context.line(
            name, Self.cost, x: "slots that exist", y: "ms", Series.smoothed(times.values, width: Self.smoothing))
    }

    /// What a slot of the second half takes, as a multiple of what one of the first does. Medians: a machine that is busy for a
    /// moment, at the start above all, does not decide.
    package static func growth(_ times: [Double]) -> Double {
        Samples(Array(times.suffix((times.count + 1) / 2))).p50 / Samples(Array(times.prefix(few))).p50
    }

    // MARK: - On demand

    private func onDemand(_ progress: @escaping @Sendable (String) -> Void) async throws {
        let host = try await BlockingThread.run { () throws(NetworkError) in try BenchHost.make() }
        let maker = OnDemandSlots(host: host)
        let memory = try NetworkKernel.usedMemory()
        var curve: [Series.Point] = []
        for density in Self.densities {
            let existing = Int(Double(context.count) * density)
            progress("on demand, beside \(existing)")
            // What stands there already is made the same way, but for the waits, which leave nothing behind.
            try await NetworkKernel.expedited {
                try await BlockingThread.run { () throws(NetworkError) in _ = try maker.make(upTo: existing) }
            }
            let samples = try await BlockingThread.run { () throws(NetworkError) in
                try maker.make(upTo: existing + Self.more)
            }
            context.report("on demand, beside \(existing)", "one more slot", samples)
            curve.append(Series.Point(x: Double(existing), y: samples.p50))
        }
        let used = try NetworkKernel.usedMemory() - memory
        context.report(
            "on demand", "kernel memory of a slot", unit: "kB", Samples([Double(used) / 1e3 / Double(maker.count)]))
        context.line("on demand", Self.cost, x: "slots that exist", y: "ms", curve)
    }
}
