import FunctionModel
import LinuxKit
import ServerAssembly
import Terminal
import Worker

/// Invocations of warm process clones through the HTTP API: how long one takes, and how many a second eight clients get.
struct InvokeBenchmark: Sendable {
    private static let connections = 8
    private static let warmUp = Duration.seconds(2)
    private static let load = Duration.seconds(12)

    let context: BenchContext

    func run() async throws {
        for subject in context.subjects {
            try await context.server(.process, isWatched: false) { try await measure(subject, on: $0) }
        }
    }

    private func measure(_ subject: Subject, on server: MeasuredServer) async throws {
        let progress = Progress.report(subject.title)
        let function = try subject.function(in: context.share)
        progress("publishing")
        let version = try await server.publishWarm(function)
        let target = server.target(function, version: version)
        progress("\(context.count) invocations, one after the other")
        let count = context.count
        let single = try await BlockingThread.run { () throws(any Error) in
            let load = try HTTPLoad(target, connections: 1)
            for _ in 0..<(count / 10) { _ = try load.exchange() }
            var samples = Samples()
            for _ in 0..<count { samples.add(try load.exchange()) }
            return samples
        }
        context.report("\(subject.title), sockets", "response, 1 connection", single, goal: .p50AtMost(1.5))
        var library = Samples()
        for _ in 0..<(count / 10) { _ = try await server.invoke(function, version: version) }
        for _ in 0..<count { library.add(try await server.invoke(function, version: version)) }
        context.report("\(subject.title), AsyncHTTPClient", "response, 1 connection", library)
        progress("\(Self.connections) connections for \(Self.load)")
        let sustained = try await BlockingThread.run { () throws(any Error) in
            let load = try HTTPLoad(target, connections: Self.connections)
            _ = try load.sustain(for: Self.warmUp)
            return try load.sustain(for: Self.load)
        }
        let name = "\(subject.title), sockets"
        context.report(
            name, "requests a second, \(Self.connections) connections", unit: "1/s",
            Samples(sustained.perSecond.map(Double.init)), goal: .p50AtLeast(2000))
        context.report(name, "response, \(Self.connections) connections", sustained.responses)
    }
}
