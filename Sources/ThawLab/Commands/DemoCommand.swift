import ArgumentParser
import BaseImages
import Foundation
import FunctionModel
import Glibc
import LinuxKit
import ServerAssembly
import SystemPackage
import Terminal

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Show the examples cold and from snapshots, and what clones reach in networks of their own.",
        discussion: """
            Builds the base images that are missing, starts a server of its own on a free port for each isolation level, with \
            its state in <state-dir>/demo, and checks every answer. Java's and Node.js's examples run on the newest runtime of their \
            language. Ends with 1 if one was wrong. The networks that \
            clones reach are the demo's own.
            """)

    /// What is shown in place of the release that an example is built for. Python's has byte code and wheels for one release.
    private static let newest = ["java17": "java25", "nodejs20.x": "nodejs24.x"]

    /// What one isolation level showed.
    private struct Shown: Sendable {
        var level: ExampleTable.Level
        var networks: [NetworkDemo.Subject]
    }

    @OptionGroup var lab: LabOptions
    @Option(name: .customLong("example"), help: "An example to run; may be given several times. Default: all.")
    var examples: [String] = []
    @Option(help: "The isolation level to show, microvm or process; auto shows both, side by side.")
    var isolation = Isolation.auto
    @Flag(inversion: .prefixedNo, help: "Whether to show clones in networks.") var networks = true
    @Option(name: .customLong("clones"), help: "Clones that are invoked at once.") var atOnce = 4

    func validate() throws {
        guard (1...16).contains(atOnce) else { throw ValidationError("--clones must be 1 to 16; \(atOnce) was given") }
    }

    @concurrent
    func run() async throws {
        guard geteuid() == 0 else { throw ServerError.notRoot }
        let (functions, store) = try (chosenExamples(), lab.directory.imageStore())
        let runtimes = functions.map(\.runtime) + (networks ? [NetworkProbe.runtime] : [])
        for runtime in Set(runtimes.map { Runtimes.image(for: $0) }).sorted() {
            _ = try await store.build(runtime, progress: Progress.report("image \(runtime)"))
        }
        print("\(await MachineReport.current().text)\n")
        var (shown, missing) = ([Shown](), [MeasuredServer.Unavailable]())
        for level in isolation == .auto ? [Isolation.microvm, .process] : [isolation] {
            do {
                shown.append(try await show(functions, level))
            } catch let error as MeasuredServer.Unavailable {
                missing.append(error)
            }
        }
        if shown.isEmpty, let reason = missing.first { throw reason }
        for index in functions.indices { print(ExampleTable.text(functions[index], at: index, of: shown.map(\.level))) }
        for one in shown where networks { print(NetworkTable.text(one.networks, at: one.level.isolation)) }
        for reason in missing { print("\(reason)") }
        print("Every answer was right.")
    }

    private func show(_ functions: [MeasuredFunction], _ level: Isolation) async throws -> Shown {
        let world = networks ? try await BlockingThread.run { () throws(NetworkError) in try NetworkWorld.make() } : nil
        var settings = MeasuredServer.Settings(
            isolation: level, directory: lab.directory.path.appending("demo").appending(level.rawValue),
            images: lab.directory.images)
        // As many as the networks take together, and some that are on their way out.
        settings.maximumSandboxes = max(32, 4 * atOnce + 8)
        settings.host = world?.host
        let shown = try await MeasuredServer.with(settings) { server in
            let runs = try await measure(functions, on: server, level)
            guard networks else { return Shown(level: ExampleTable.Level(isolation: level, runs: runs), networks: []) }
            let demo = NetworkDemo(
                server: server, isolation: level, clones: atOnce,
                progress: Progress.report("\(level.rawValue), networks"))
            return Shown(level: ExampleTable.Level(isolation: level, runs: runs), networks: try await demo.run())
        }
        withExtendedLifetime(world) {}
        return shown
    }

    private func measure(
        _ functions: [MeasuredFunction], on server: MeasuredServer, _ level: Isolation
    ) async throws -> [ExampleRun] {
        var plan = ExampleRun.Plan()
        plan.atOnce = atOnce
        // Where processors are emulated a microVM's takes half a minute.
        plan.colds = level == .process ? 3 : 1
        var runs: [ExampleRun] = []
        for function in functions {
            runs.append(
                try await ExampleRun.measure(
                    function, on: server, plan: plan, progress: Progress.report("\(level.rawValue), \(function.name)")))
        }
        return runs
    }

    private func chosenExamples() throws -> [MeasuredFunction] {
        let share = try ShareDirectory.installed()
        let names =
            examples.isEmpty
            ? try FileManager.default.contentsOfDirectory(atPath: share.examples.string).filter { name in
                // Others are no zips.
                FileManager.default.fileExists(atPath: share.examples.appending(name).appending("function.json").string)
            }.sorted() : examples
        return try names.map { name in
            var function = try MeasuredFunction.example(name, in: share)
            function.runtime = Self.newest[function.runtime] ?? function.runtime
            return function
        }
    }
}
