import ServerAssembly
import Worker

/// Where the time of a publish goes, at both isolation levels. Echo in Python, 512 MB.
struct PublishBenchmark: Sendable {
    private static let rounds = 5

    let context: BenchContext

    func run() async throws {
        try await measure(.microvm)
        try await measure(.process)
    }

    private func measure(_ isolation: Isolation) async throws {
        var (initialization, pause, durable, whole) = (Samples(), Samples(), Samples(), Samples())
        let (times, walls) = try await context.server(isolation, readyClones: 0) { server in
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
                try await server.delete(function.name)
            }
            return (server.events.takePublishes(), walls)
        }
        for times in times {
            initialization.add(times.initialization)
            pause.add(times.pause)
            durable.add(times.pause + times.commit)
        }
        whole.add(walls)
        let name = "echo, \(isolation.rawValue)"
        context.report(name, "boot and init", initialization)
        context.report(name, "frozen to written", pause)
        context.report(name, "frozen to durable", durable, goal: .p50AtMost(500))
        context.report(name, "PublishVersion to Active", whole)
    }
}
