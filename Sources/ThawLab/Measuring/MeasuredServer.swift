import BaseImages
import Foundation
import FunctionModel
import LinuxKit
import Logging
import Sandboxes
import ServerAssembly
import ServiceLifecycle
import SlotNetwork
import Synchronization
import SystemPackage
import UnixSignals
import Worker

/// A server of our own, on a free port, for as long as something is measured.
struct MeasuredServer: Sendable {
    let server: Server
    let client: LambdaClient
    let events: EngineWatch
    let port: Int
    private let readyClones: Int

    struct Settings: Sendable {
        var isolation: Isolation
        var directory: FilePath
        var images: FilePath
        var readyClones = 1
        var maximumSandboxes: Int?
        /// Network slots, if not as many as a server has by itself.
        var slots: Int?
        /// How long an idle sandbox waits for more, if not as long as a server has it wait by itself.
        var keepWarm: Duration?
        /// The network namespace that functions with egress get into, as it is routed there. Without one no function has egress:
        /// measuring changes nothing about this host's own network.
        var host: SharedDescriptor?
        /// Whether ``MeasuredServer/events`` learns what the server does. Not where every microsecond of a call counts.
        var isWatched = true

        fileprivate var server: ServerConfiguration {
            var server = ServerConfiguration(state: StateDirectory(directory.string))
            server.images = images
            server.port = 0
            server.isolation = isolation
            server.readyClones = readyClones
            server.initLimit = .seconds(600)
            if let maximumSandboxes { server.maximumSandboxes = maximumSandboxes }
            server.slots.count = slots
            if let keepWarm { server.keepWarm = keepWarm }
            server.slots.egress = host == nil ? .none : .routed
            return server
        }
    }

    /// No server could be made: this host or this state directory does not allow one.
    struct Unavailable: Error, CustomStringConvertible {
        let isolation: Isolation
        let reason: any Error

        var description: String { "isolation \(isolation.rawValue) is not to be had here: \(reason)" }
    }

    /// Runs `body` with a server, and stops the server on every path out.
    static func with<R: Sendable>(
        _ settings: Settings, _ body: @Sendable (MeasuredServer) async throws -> R
    ) async throws -> R {
        let events = EngineWatch()
        let server: Server
        do {
            server = try await Server.make(
                settings.server, host: settings.host, logger: .forServer(.error),
                around: { engine in
                    if settings.isWatched { WatchedEngine(engine: engine, watch: events) } else { engine }
                }, observer: { if settings.isWatched { events.note($0) } })
        } catch {
            throw Unavailable(isolation: settings.isolation, reason: error)
        }
        let (ports, listening) = AsyncStream<Int>.makeStream()
        let services = server.serviceGroup(signals: [.sigterm, .sigint]) { listening.yield($0) }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { listening.finish() }
                try await services.run()
            }
            let result: Result<R, any Error>
            do {
                guard let port = await ports.first(where: { _ in true }) else {
                    try await group.waitForAll()
                    throw ServerError.notListening
                }
                result = .success(
                    try await LambdaClient.with(port: port) { client in
                        try await body(
                            MeasuredServer(
                                server: server, client: client, events: events, port: port,
                                readyClones: settings.readyClones))
                    })
            } catch {
                result = .failure(error)
            }
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
            try await server.close()
            return try result.get()
        }
    }

    /// Deletes a function, if there is one, and what is known of its clones: a lease would keep their snapshot.
    func delete(_ name: String) async throws {
        events.forget(name)
        try await client.delete(name)
    }

    /// Deploys a function anew.
    func deploy(_ function: MeasuredFunction) async throws {
        try await delete(function.name)
        try await client.create(function)
    }

    /// Deploys a function with SnapStart and publishes it; its version. The first clone, which brings the snapshot's files
    /// into memory, has been made and ended: what is measured is what later ones find.
    func publishWarm(_ function: MeasuredFunction) async throws -> Int {
        try await deploy(function)
        try await client.enableSnapStart(function.name)
        let version = try await client.publish(function.name)
        _ = try await invoke(function, version: version)
        await makeCold()
        return version
    }

    /// A version's invocations, for a client of its own.
    func target(_ function: MeasuredFunction, version: Int) -> HTTPLoad.Target {
        HTTPLoad.Target(
            port: port, path: "/2015-03-31/functions/\(function.name)/invocations?Qualifier=\(version)",
            function: function)
    }

    /// Invokes and checks the answer; how long the caller waited.
    func invoke(_ function: MeasuredFunction, version: Int?) async throws -> Duration {
        let start = ContinuousClock.now
        let answer = try await client.invoke(function.name, version: version, payload: function.event)
        let duration = ContinuousClock.now - start
        try function.check(answer)
        return duration
    }

    /// The same, of a clone that has served nothing: throws if a warm one answered.
    func invokeNewClone(_ function: MeasuredFunction, version: Int) async throws -> Duration {
        let before = events.restoreCount
        let duration = try await invoke(function, version: version)
        guard events.restoreCount == before + 1 else { throw MeasuringFailure.answeredWarm(function.name) }
        return duration
    }

    /// Invokes `count` times at once; how long each caller waited.
    func invoke(_ function: MeasuredFunction, version: Int, atOnce count: Int) async throws -> [Duration] {
        try await withThrowingTaskGroup(of: Duration.self) { group in
            for _ in 0..<count { group.addTask { try await invoke(function, version: version) } }
            var durations: [Duration] = []
            for try await duration in group { durations.append(duration) }
            return durations
        }
    }

    /// Makes the next invocation need a new clone.
    func makeCold() async {
        await events.settle()
        await withTaskGroup { group in
            for sandbox in events.idle { group.addTask { await sandbox.destroy() } }
        }
        await events.settle()
    }

    /// Returns when the clones that are to be ready for a version are.
    func prepareClones(of function: MeasuredFunction, version: Int) async {
        if readyClones > 0, let snapshot = await events.snapshot(of: CloneOrigin(function.name, version)) {
            await server.engine.keepReady(readyClones, of: snapshot)
        }
        await events.settle()
    }

    /// What each idle clone of a version costs the host.
    func idleMemory(of function: MeasuredFunction, version: Int) async throws -> [MemoryUse] {
        await events.settle()
        var uses: [MemoryUse] = []
        for clone in events.idle where clone.origin == CloneOrigin(function.name, version) {
            uses.append(try await clone.memory())
        }
        return uses
    }

    /// Clones of a version at the engine's interface, once one has been made through the API.
    func cloneSource(of function: MeasuredFunction, version: Int) throws -> CloneSource {
        guard let request = events.thaw(of: CloneOrigin(function.name, version)) else {
            throw MeasuringFailure.notThawed(function.name)
        }
        return CloneSource(engine: server.engine, request: request, function: function)
    }

    /// Waits until the server has made up for what was taken from it, as it does between one burst and the next.
    func rest() async { await server.prepare() }
}

/// What was to be measured was not there.
enum MeasuringFailure: Error, CustomStringConvertible {
    case answeredWarm(String)
    case notThawed(String)

    var description: String {
        switch self {
        case .answeredWarm(let function):
            "\(function) was answered by a warm clone where a new one was to be measured"
        case .notThawed(let function): "no clone of \(function) has been made, so none can be made as it was"
        }
    }
}
