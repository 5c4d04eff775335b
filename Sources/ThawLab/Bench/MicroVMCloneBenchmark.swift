import FunctionModel
import Sandboxes
import ServerAssembly
import Terminal
import Worker

/// From "a clone is needed" to its first and second response. Echo in Python, 512 MB.
struct MicroVMCloneBenchmark: Sendable {
    private static let rounds = 20
    private static let atOnce = 10

    let context: BenchContext

    func run() async throws {
        try await single(readyClones: 1, "ready shell", goal: 120)
        try await single(readyClones: 0, "no ready shell", goal: 250)
        try await concurrent()
        try await reduction()
    }

    /// One clone at a time: its restore, its first response, then its second.
    private func single(readyClones: Int, _ name: String, goal: Double) async throws {
        try await context.server(.microvm, readyClones: readyClones) { server in
            let function = MeasuredFunction.echo()
            let version = try await server.publishWarm(function)
            var (first, second, memory) = (Samples(), Samples(), Samples())
            _ = server.events.takeRestores()
            for _ in 0..<Self.rounds {
                await server.prepareClones(of: function, version: version)
                first.add(try await server.invokeNewClone(function, version: version))
                second.add(try await server.invoke(function, version: version))
                for use in try await server.idleMemory(of: function, version: version) {
                    memory.add(Double(use.unique) / 1_048_576)
                }
                await server.makeCold()
            }
            context.report(name, "restore", server.events.takeRestores())
            context.report(name, "restore to first response", first, goal: .p50AtMost(goal))
            context.report(name, "second response of a warm clone", second, goal: .p50AtMost(15))
            context.report(name, "unique memory of an idle clone", unit: "MiB", memory)
        }
    }

    private func concurrent() async throws {
        try await context.server(.microvm) { server in
            let function = MeasuredFunction.echo()
            let version = try await server.publishWarm(function)
            var slowest = Samples()
            for _ in 0..<3 {
                let durations = try await server.invoke(function, version: version, atOnce: Self.atOnce)
                slowest.add(durations.max() ?? .zero)
                await server.makeCold()
            }
            context.report("\(Self.atOnce) clones at once", "all have answered", slowest, goal: .maxAtMost(2000))
        }
    }

    private func reduction() async throws {
        let function = try MeasuredFunction.example("java-orders", in: context.share)
        try await context.server(.microvm) { server in
            let run = try await ExampleRun.measure(
                function, on: server, plan: ExampleRun.Plan(), progress: Progress.report(function.name))
            context.report(function.name, "cold start without a snapshot", run.cold)
            context.report(function.name, "restore to first response", run.first)
            context.report(
                function.name, "reduction of the cold start", unit: "%", Samples([run.reduction]), goal: .p50AtLeast(90)
            )
        }
    }
}
