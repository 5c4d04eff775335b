import FunctionModel
import LinuxKit
import ServerAssembly
import Terminal
import Worker

/// Many first requests to one snapshot at once.
///
/// Through the HTTP API, where a clone that has answered may serve another of them, as it would any day; and at the engine's
/// interface, where each has a clone of its own.
struct BurstBenchmark: Sendable {
    private static let rounds = 5

    let context: BenchContext

    func run() async throws {
        for subject in context.subjects {
            try await context.server(.process, maximumSandboxes: context.count + 8) { server in
                try await measure(subject, on: server)
            }
        }
    }

    private func measure(_ subject: Subject, on server: MeasuredServer) async throws {
        let progress = Progress.report(subject.title)
        let function = try subject.function(in: context.share)
        progress("publishing")
        let version = try await server.publishWarm(function)
        try await throughAPI(subject, function, version, on: server)
        try await atEngine(subject, function, version, on: server)
    }

    private func throughAPI(
        _ subject: Subject, _ function: MeasuredFunction, _ version: Int, on server: MeasuredServer
    ) async throws {
        let (target, count) = (server.target(function, version: version), context.count)
        var (all, slowest, made) = (Samples(), Samples(), Samples())
        // The first round is not counted: the server has never had this many connections.
        for round in 0...Self.rounds {
            await server.makeCold()
            await server.prepareClones(of: function, version: version)
            await server.rest()
            let before = server.events.restoreCount
            let durations = try await BlockingThread.run { () throws(any Error) in
                try HTTPLoad(target, connections: count).burst()
            }
            guard round > 0 else { continue }
            all.add(durations)
            slowest.add(durations.max() ?? .zero)
            made.add(Double(server.events.restoreCount - before))
        }
        await server.makeCold()
        let name = "\(subject.title), \(count) requests"
        context.report(name, "first response, p99", all, goal: .p99AtMost(150))
        context.report(name, "all have answered", slowest)
        context.report(name, "clones made", unit: "", made)
    }

    private func atEngine(
        _ subject: Subject, _ function: MeasuredFunction, _ version: Int, on server: MeasuredServer
    ) async throws {
        let source = try server.cloneSource(of: function, version: version)
        var (all, slowest) = (Samples(), Samples())
        for _ in 0..<Self.rounds {
            await server.rest()
            let durations = try await Self.clones(context.count, of: source, function)
            all.add(durations)
            slowest.add(durations.max() ?? .zero)
        }
        let name = "\(subject.title), \(context.count) clones"
        context.report(name, "first response, p99", all, goal: .p99AtMost(150))
        context.report(name, "all have answered", slowest)
    }

    /// How long each took to answer, counted from when all were asked for; all live until the last has answered.
    private static func clones(
        _ count: Int, of source: CloneSource, _ function: MeasuredFunction
    ) async throws -> [Duration] {
        let start = ContinuousClock.now
        let outcome = await withTaskGroup(of: (MeasuredClone?, Result<Duration, any Error>).self) { group in
            for _ in 0..<count {
                group.addTask {
                    var made: MeasuredClone?
                    do {
                        let clone = try await source.thaw()
                        made = clone
                        let answer = try await clone.invoke()
                        let duration = ContinuousClock.now - start
                        try function.check(answer)
                        return (clone, .success(duration))
                    } catch {
                        return (made, .failure(error))
                    }
                }
            }
            return await group.reduce(into: [(MeasuredClone?, Result<Duration, any Error>)]()) { $0.append($1) }
        }
        await withTaskGroup(of: Void.self) { group in
            for case (let clone?, _) in outcome { group.addTask { await clone.destroy() } }
        }
        return try outcome.map { try $0.1.get() }
    }
}
