import Worker

/// Where the time of a publish goes. Echo in Python, 512 MB.
struct PublishBenchmark: Sendable {
    private static let name = Benchmark.publish.rawValue
    private static let rounds = 5

    let context: BenchContext

    func run() async throws {
        var (initialization, pause, durable, whole) = (Samples(), Samples(), Samples(), Samples())
        let publishes = try await MeasuredServer.with(
            directory: context.directory, images: context.images, readyClones: 0
        ) { server in
            var walls: [Duration] = []
            for round in 0..<Self.rounds {
                let function = MeasuredFunction.echo(name: "publish-\(round)")
                try await server.deploy(function)
                try await server.client.enableSnapStart(function.name)
                let start = ContinuousClock.now
                let version = try await server.client.publish(function.name)
                walls.append(ContinuousClock.now - start)
                // A snapshot that cannot be thawed would make every number here worthless.
                _ = try await server.invoke(function, version: version)
                await server.makeCold()
                try await server.client.delete(function.name)
            }
            return (server.events.takePublishes(), walls)
        }
        for times in publishes.0 {
            initialization.add(times.initialization)
            pause.add(times.pause)
            durable.add(times.pause + times.commit)
        }
        for wall in publishes.1 { whole.add(wall) }
        let name = "echo, 512 MB"
        context.report(Measurement(Self.name, name, metric: "boot and init", initialization))
        context.report(Measurement(Self.name, name, metric: "frozen to written", pause))
        context.report(Measurement(Self.name, name, metric: "frozen to durable", durable, goal: .p50AtMost(500)))
        context.report(Measurement(Self.name, name, metric: "PublishVersion to Active", whole))
    }
}
