import ArgumentParser
import BaseImages
import Foundation
import FunctionModel
import LinuxKit
import Logging
import ServiceLifecycle
import Synchronization
import SystemPackage
import UnixSignals
import Worker

/// A server of our own, on a free port, for as long as something is measured.
struct MeasuredServer: Sendable {
    let server: Server
    let client: LambdaClient
    let events: WorkerEvents
    let port: Int

    struct Settings: Sendable {
        var isolation: Isolation
        var directory: FilePath
        var images: FilePath
        var readyClones = 1
        var maximumSandboxes: Int?
        /// Network slots, if not as many as a server has by itself.
        var slots: Int?
        /// The network namespace that functions with egress get into, as it is routed there. Without one no function has egress:
        /// measuring changes nothing about this host's own network.
        var host: SharedDescriptor?

        fileprivate func options() throws -> ServerOptions {
            var arguments = [
                "--state-dir", directory.string, "--port", "0", "--isolation", isolation.rawValue, "--ready",
                "\(readyClones)", "--init-limit", "600", "--egress", host == nil ? "none" : "routed",
            ]
            if let maximumSandboxes { arguments += ["--max-sandboxes", "\(maximumSandboxes)"] }
            if let slots { arguments += ["--slots", "\(slots)"] }
            return try ServerOptions.parse(arguments)
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
        let events = WorkerEvents()
        let server: Server
        do {
            server = try await Server.make(
                try settings.options(), images: settings.images, host: settings.host, logger: .forServer(.error),
                observer: { events.note($0) })
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
                        try await body(MeasuredServer(server: server, client: client, events: events, port: port))
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

    /// Deploys a function anew.
    func deploy(_ function: MeasuredFunction) async throws {
        try await client.delete(function.name)
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
        guard events.restoreCount == before + 1 else { throw NotANewClone(function: function.name) }
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
    func makeCold() async { await server.worker.evictIdle() }

    /// Waits until the server has made up for what was taken from it, as it does between one burst and the next.
    func rest() async { await server.prepare() }
}

/// What was to be the first response of a clone was not.
struct NotANewClone: Error, CustomStringConvertible {
    let function: String

    var description: String { "\(function) was answered by a warm clone where a new one was to be measured" }
}

/// What a worker has told, by kind.
final class WorkerEvents: Sendable {
    private struct State {
        var restores = Samples()
        var restoreCount = 0
        var publishes: [PublishTimes] = []
    }

    private let state = Mutex(State())

    func note(_ event: WorkerEvent) {
        state.withLock { state in
            switch event {
            case .initialized: break
            case .restored(_, _, let duration):
                state.restores.add(duration)
                state.restoreCount += 1
            case .published(_, _, let times): state.publishes.append(times)
            }
        }
    }

    /// All restores so far.
    var restoreCount: Int { state.withLock { $0.restoreCount } }

    /// The restores since the last call.
    func takeRestores() -> Samples {
        state.withLock { state in
            defer { state.restores = Samples() }
            return state.restores
        }
    }

    func takePublishes() -> [PublishTimes] {
        state.withLock { state in
            defer { state.publishes = [] }
            return state.publishes
        }
    }
}
