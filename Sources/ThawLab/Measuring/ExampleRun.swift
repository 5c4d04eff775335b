import FunctionModel
import Sandboxes
import Worker

/// Everything that is measured of one function, from a start without a snapshot to warm clones.
package struct ExampleRun: Sendable {
    struct Plan: Sendable {
        /// Starts without a snapshot.
        var colds = 1
        /// New clones, one after the other.
        var restores = 10
        /// New clones at a time, and how often.
        var atOnce = 4
        var rounds = 3
        var warm = 30
    }

    let function: MeasuredFunction
    package var cold = Samples()
    package var restore = Samples()
    package var first = Samples()
    package var concurrent = Samples()
    package var warm = Samples()
    /// MiB for each clone.
    package var unique = Samples()
    package var shared = Samples()

    package init(function: MeasuredFunction) { self.function = function }

    /// How much of the cold start a snapshot saves, in per cent.
    var reduction: Double { (1 - first.p50 / cold.p50) * 100 }

    /// Measures, and throws on the first wrong answer.
    static func measure(
        _ function: MeasuredFunction, on server: MeasuredServer, plan: Plan, progress: @Sendable (String) -> Void
    ) async throws -> ExampleRun {
        var run = ExampleRun(function: function)
        progress("deploying")
        try await server.deploy(function)
        let plain = try await server.client.publish(function.name)
        progress("first invocations without a snapshot: true cold starts")
        for _ in 0..<plan.colds {
            run.cold.add(try await server.invoke(function, version: plain))
            await server.makeCold()
        }
        try await server.client.enableSnapStart(function.name)
        progress("publishing with SnapStart: init, freeze")
        let version = try await server.client.publish(function.name)
        try await run.measureClones(version, on: server, plan: plan, progress: progress)
        await server.makeCold()
        try await server.delete(function.name)
        return run
    }

    private mutating func measureClones(
        _ version: Int, on server: MeasuredServer, plan: Plan, progress: @Sendable (String) -> Void
    ) async throws {
        progress("\(plan.restores) clones, one after the other")
        _ = server.events.takeRestores()
        for _ in 0..<plan.restores {
            await server.prepareClones(of: function, version: version)
            first.add(try await server.invokeNewClone(function, version: version))
            await server.makeCold()
        }
        restore = server.events.takeRestores()
        progress("\(plan.atOnce) clones at once, \(plan.rounds) times")
        for round in 1...plan.rounds {
            await server.prepareClones(of: function, version: version)
            for duration in try await server.invoke(function, version: version, atOnce: plan.atOnce) {
                concurrent.add(duration)
            }
            if round < plan.rounds { await server.makeCold() }
        }
        for use in try await server.idleMemory(of: function, version: version) {
            unique.add(Double(use.unique) / 1_048_576)
            shared.add(Double(use.shared) / 1_048_576)
        }
        progress("\(plan.warm) invocations of a warm clone")
        for _ in 0..<plan.warm { warm.add(try await server.invoke(function, version: version)) }
    }
}
