import FunctionModel
import ServerAssembly
import Terminal
import Worker

/// Clone, invoke, kill, many times over; then cold starts of many versions in turn, through the API: what is left of it must not
/// grow, and no answer may fail.
struct SoakBenchmark: Sendable {
    /// What grows once, at first use, has grown after these.
    private static let settling = 100
    private static let readings = 10
    private static let atOnce = 4
    private static let versions = 40

    let context: BenchContext

    func run() async throws {
        for subject in context.subjects {
            try await context.server(.process, readyClones: 0) { server in try await measure(subject, on: server) }
            try await context.server(.process, keepWarm: .zero) { server in
                try await measureVersions(of: subject, on: server)
            }
        }
    }

    private func measure(_ subject: Subject, on server: MeasuredServer) async throws {
        let progress = Progress.report(subject.title)
        let function = try subject.function(in: context.share)
        progress("publishing")
        let version = try await server.publishWarm(function)
        let source = try server.cloneSource(of: function, version: version)
        try await repeated("\(subject.title), \(context.count) cycles", progress) { count in
            try await Self.cycle(count, source, function)
        }
    }

    private func measureVersions(of subject: Subject, on server: MeasuredServer) async throws {
        let progress = Progress.report(subject.title)
        let function = try subject.function(in: context.share)
        let set = try await VersionSet.publish(Self.versions, of: function, on: server, progress)
        _ = try await set.invoke(2 * Self.versions, clients: 1, on: server)
        let before = server.events.restoreCount
        try await repeated(
            "\(subject.title), \(context.count) cold starts of \(Self.versions) versions", progress
        ) { count in
            let start = ContinuousClock.now
            _ = try await set.invoke(count, clients: Self.atOnce, on: server)
            return ContinuousClock.now - start
        }
        // One that had just answered may have served another call before its time was over.
        context.report(
            subject.title, "cold starts of all calls", unit: "%",
            Samples([Double(server.events.restoreCount - before) / Double(context.count) * 100]))
    }

    /// Does something as often as was asked for, and reports what grew meanwhile.
    /// - Parameter work: does it so many times; how long that took.
    private func repeated(
        _ name: String, _ progress: @Sendable (String) -> Void, _ work: (Int) async throws -> Duration
    ) async throws {
        _ = try await work(Self.settling)
        var (counts, rates) = ([try await HostCounts.settled()], Samples())
        var done = Self.settling
        for reading in 1...Self.readings {
            let next = Self.settling + (context.count - Self.settling) * reading / Self.readings
            let duration = try await work(next - done)
            rates.add(Double(next - done) / duration.milliseconds * 1000)
            done = next
            counts.append(try await HostCounts.settled())
            progress("\(done) done")
        }
        report(name, counts, rates)
    }

    /// Runs `count` cycles, a few at a time; how long that took.
    private static func cycle(
        _ count: Int, _ source: CloneSource, _ function: MeasuredFunction
    ) async throws -> Duration {
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<atOnce {
                let share = count / atOnce + (lane < count % atOnce ? 1 : 0)
                group.addTask {
                    for _ in 0..<share {
                        let clone = try await source.thaw()
                        do { try function.check(try await clone.invoke()) } catch {
                            await clone.destroy()
                            throw error
                        }
                        await clone.destroy()
                    }
                }
            }
            try await group.waitForAll()
        }
        return ContinuousClock.now - start
    }

    /// A row's goal is what was there after the first cycles.
    private func report(_ name: String, _ counts: [HostCounts], _ rates: Samples) {
        func row(
            _ metric: String, unit: String = "", _ value: KeyPath<HostCounts, Double>,
            goal: ((Double) -> Measurement.Goal)? = nil
        ) {
            let samples = Samples(counts.map { $0[keyPath: value] })
            context.report(name, metric, unit: unit, samples, goal: samples.values.first.flatMap { goal?($0) })
        }
        context.report(name, "done a second", unit: "1/s", rates)
        row("processes", \.processes, goal: { .lastAtMost($0) })
        row("descriptors of the server", \.descriptors, goal: { .lastAtMost($0) })
        row("mounts, all namespaces", \.mounts, goal: { .lastAtMost($0) })
        row("namespaces", \.namespaces, goal: { .lastAtMost($0) })
        row("cgroups", \.cgroups, goal: { .lastAtMost($0) })
        row("cgroups, with dying ones", \.cgroupsInKernel)
        row("MemAvailable", unit: "MB", \.available, goal: { .lastAtLeast($0 * 0.99) })
        row("resident memory of the server", unit: "MB", \.resident, goal: { .lastAtMost($0 * 1.01) })
        row("memory in use", unit: "MB", \.used)
        row("kernel memory (SUnreclaim)", unit: "MB", \.kernel)
    }
}
