import LinuxKit

/// What it takes to have thousands of slots: ours, all at once; and made when they are asked for, one beside thousands.
struct SlotsBenchmark: Sendable {
    /// Made beside so many others, as parts of the whole number.
    private static let densities = [0, 0.125, 0.25, 0.5, 1]
    private static let more = 20

    let context: BenchContext

    func run() async throws {
        let progress = Progress.report("slots")
        let before = NetworkKernel.namespaces()
        try await onDemand(progress)
        try await NetworkKernel.expedited { try await NetworkKernel.waitUntilFreed(to: before, progress) }
    }

    private func onDemand(_ progress: @escaping @Sendable (String) -> Void) async throws {
        let host = try await BlockingThread.run { () throws(NetworkError) in try BenchHost.make() }
        let maker = OnDemandSlots(host: host)
        let memory = try NetworkKernel.usedMemory()
        var curve: [Series.Point] = []
        for density in Self.densities {
            let existing = Int(Double(context.count) * density)
            progress("on demand, beside \(existing)")
            try await NetworkKernel.expedited {
                try await BlockingThread.run { () throws(NetworkError) in _ = try maker.make(upTo: existing) }
            }
            let samples = try await BlockingThread.run { () throws(NetworkError) in
                try maker.make(upTo: existing + Self.more)
            }
            context.report("on demand, \(existing) exist", "one more slot", samples)
            curve.append(Series.Point(x: Double(existing), y: samples.p50))
        }
        let used = try NetworkKernel.usedMemory() - memory
        context.report(
            "on demand", "kernel memory of a slot", unit: "kB", Samples([Double(used) / 1e3 / Double(maker.count)]))
        context.line("on demand", "cost of one more slot", x: "slots that exist", y: "ms", curve)
    }
}
