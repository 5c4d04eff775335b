import FunctionModel
import Sandboxes
import Worker

/// From "a clone is needed" to its first and second response. Echo in Python, 512 MB.
struct MicroVMCloneBenchmark: Sendable {
    private static let name = Benchmark.microvmClone.rawValue
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
        try await server(readyClones) { server in
            let function = MeasuredFunction.echo()
            let version = try await Self.publish(function, on: server)
            var (first, second, memory) = (Samples(), Samples(), Samples())
            _ = server.events.takeRestores()
            for _ in 0..<Self.rounds {
                await server.server.worker.prepareClones(of: function.name, .published(version))
                first.add(try await server.invokeNewClone(function, version: version))
                second.add(try await server.invoke(function, version: version))
                for use in try await server.server.worker.idleMemory(of: function.name, .published(version)) {
                    memory.add(Double(use.unique) / 1_048_576)
                }
                await server.makeCold()
            }
            report(name, "restore", server.events.takeRestores())
            report(name, "restore to first response", first, goal: .p50AtMost(goal))
            report(name, "second response of a warm clone", second, goal: .p50AtMost(15))
            report(name, "unique memory of an idle clone", unit: "MiB", memory)
        }
    }

    private func concurrent() async throws {
        try await server(1) { server in
            let function = MeasuredFunction.echo()
            let version = try await Self.publish(function, on: server)
            var slowest = Samples()
            for _ in 0..<3 {
                let durations = try await server.invoke(function, version: version, atOnce: Self.atOnce)
                slowest.add(durations.max() ?? .zero)
                await server.makeCold()
            }
            report("\(Self.atOnce) clones at once", "all have answered", slowest, goal: .maxAtMost(2000))
        }
    }

    private func reduction() async throws {
        let function = try MeasuredFunction.example("java-orders", in: context.share)
        try await server(1) { server in
            let run = try await ExampleRun.measure(
                function, on: server, plan: ExampleRun.Plan(), progress: Progress.report(function.name))
            report(function.name, "cold start without a snapshot", run.cold)
            report(function.name, "restore to first response", run.first)
            var reduction = Samples()
            reduction.add(run.reduction)
            report(function.name, "reduction of the cold start", unit: "%", reduction, goal: .p50AtLeast(90))
        }
    }

    private static func publish(_ function: MeasuredFunction, on server: MeasuredServer) async throws -> Int {
        try await server.deploy(function)
        try await server.client.enableSnapStart(function.name)
        let version = try await server.client.publish(function.name)
        // The first clone brings the snapshot's files into memory; what is measured is what later ones find.
        _ = try await server.invoke(function, version: version)
        await server.makeCold()
        return version
    }

    private func server(_ readyClones: Int, _ body: @escaping @Sendable (MeasuredServer) async throws -> Void)
        async throws
    {
        try await MeasuredServer.with(
            directory: context.directory, images: context.images, readyClones: readyClones, body)
    }

    private func report(
        _ name: String, _ metric: String, unit: String = "ms", _ samples: Samples, goal: Measurement.Goal? = nil
    ) {
        context.report(Measurement(Self.name, name, metric: metric, unit: unit, samples, goal: goal))
    }
}
