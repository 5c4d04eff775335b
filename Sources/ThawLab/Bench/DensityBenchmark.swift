import FunctionModel
import Sandboxes
import ServerAssembly
import Terminal
import Worker

/// Many clones of one snapshot alive at a time, as many as are asked for or as this host has room for, each of which answers: what
/// one more costs in memory.
struct DensityBenchmark: Sendable {
    /// Reading /proc/PID/smaps_rollup of every clone would take longer than the clones.
    private static let sampled = 25
    /// Idle once, so that what an engine builds at first use is there before memory is compared.
    private static let warmUps = 5

    /// The kernel takes nearly as much for a clone as the clone itself.
    private static let memoryFactor: Int64 = 2
    /// All of them are built before memory is compared, as on a host that is to have that many sandboxes.
    private static let slots = 4_000

    let context: BenchContext

    func run() async throws {
        for subject in context.subjects {
            let before = try MemoryCounts.read()
            try await context.server(
                .process, readyClones: 0, maximumSandboxes: context.count + 8,
                slots: max(Self.slots, context.count + 200)
            ) { server in
                try await measure(subject, on: server, before: before)
            }
        }
    }

    private func measure(_ subject: Subject, on server: MeasuredServer, before: MemoryCounts) async throws {
        let progress = Progress.report(subject.title)
        let function = try subject.function(in: context.share)
        progress("publishing")
        let version = try await server.publishWarm(function)
        let source = try server.cloneSource(of: function, version: version)
        progress("\(Self.slots) network slots")
        await server.rest()
        let cost = try await cost(of: source, function, on: server)
        await server.rest()
        let idle = try MemoryCounts.read()
        let room = try HostRoom.measure(cost)
        let count = min(context.count, room.count)
        progress(count < context.count ? "\(count) clones, for want of \(room.limit)" : "\(count) clones")
        var (clones, first) = ([MeasuredClone](), Samples())
        for _ in 0..<count {
            let start = ContinuousClock.now
            let clone = try await source.thaw()
            // Ended by the server's stop, whatever happens here.
            clones.append(clone)
            let answer = try await clone.invoke()
            first.add(ContinuousClock.now - start)
            try function.check(answer)
            try await clone.waitUntilIdle()
        }
        progress("each answers again")
        var second = Samples()
        for clone in clones {
            let start = ContinuousClock.now
            let answer = try await clone.invoke()
            second.add(ContinuousClock.now - start)
            try function.check(answer)
            try await clone.waitUntilIdle()
        }
        let full = try MemoryCounts.read()
        let name = "\(subject.title), \(clones.count) clones"
        context.report(name, "clones alive at a time", unit: "", Samples([Double(count)]))
        context.report(name, "first response", first)
        context.report(name, "response while all live", second)
        try await reportMemory(name, clones, before: before, idle: idle, full: full)
        progress("ending them")
    }

    /// What some clones take that live at a time.
    private func cost(
        of source: CloneSource, _ function: MeasuredFunction, on server: MeasuredServer
    ) async throws -> HostRoom.Cost {
        let (threads, descriptors) = (try HostCounts.threads(), try HostCounts.descriptors())
        var (clones, unique) = ([MeasuredClone](), UInt64(0))
        for _ in 0..<Self.warmUps {
            let clone = try await source.thaw()
            clones.append(clone)
            try function.check(try await clone.invoke())
            try await clone.waitUntilIdle()
            unique = max(unique, try await clone.memory().unique)
        }
        await server.rest()
        let cost = HostRoom.Cost(
            count: clones.count, memoryBytes: Int64(unique) * Self.memoryFactor * Int64(clones.count),
            threads: try HostCounts.threads() - threads, descriptors: try HostCounts.descriptors() - descriptors)
        for clone in clones { await clone.destroy() }
        return cost
    }

    private func reportMemory(
        _ name: String, _ clones: [MeasuredClone], before: MemoryCounts, idle: MemoryCounts, full: MemoryCounts
    ) async throws {
        var (unique, proportional) = (Samples(), Samples())
        for index in stride(from: 0, to: clones.count, by: max(1, clones.count / Self.sampled)) {
            let use = try await clones[index].memory()
            unique.add(Double(use.unique) / 1e6)
            proportional.add(Double(use.proportional) / 1e6)
        }
        func each(_ earlier: MemoryCounts) -> Samples {
            Samples([Double(earlier.available - full.available) / 1e6 / Double(max(1, clones.count))])
        }
        context.report(name, "memory each, by MemAvailable", unit: "MB", each(idle), goal: .p50AtMost(2))
        context.report(name, "memory each, with server", unit: "MB", each(before))
        context.report(name, "unique memory of a clone", unit: "MB", unique, goal: .p50AtMost(2))
        context.report(name, "PSS of a clone", unit: "MB", proportional, goal: .p50AtMost(2))
    }
}
