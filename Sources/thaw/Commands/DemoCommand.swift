import ArgumentParser
import BaseImages
import Foundation
import Glibc
import SystemPackage

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Deploy the examples, invoke them cold and from snapshots, show the difference.",
        discussion: """
            Builds the base images that are missing, starts a server of its own on a free port, with its state in \
            <state-dir>/demo, and checks every answer. Ends with 1 if one was wrong.
            """)

    @OptionGroup var state: StateOptions
    @Option(name: .customLong("example"), help: "An example to run; may be given several times. Default: all.")
    var examples: [String] = []
    @Option(name: .customLong("clones"), help: "Clones that are invoked at once.") var atOnce = 4

    func validate() throws {
        guard (1...16).contains(atOnce) else { throw ValidationError("--clones must be 1 to 16; \(atOnce) was given") }
    }

    @concurrent
    func run() async throws {
        guard geteuid() == 0 else { throw ServerError.notRoot }
        let (functions, store) = try (chosenExamples(), ImageStore.open(state))
        for runtime in Set(functions.map(\.runtime)).sorted() {
            _ = try await store.build(runtime, progress: Progress.report("image \(runtime)"))
        }
        var plan = ExampleRun.Plan()
        plan.atOnce = atOnce
        print("\(MachineReport.current().text)\n")
        let runs = try await MeasuredServer.with(
            MeasuredServer.Settings(
                isolation: .microvm, directory: state.directory.appending("demo"), images: state.images)
        ) { [plan] server in
            var runs: [ExampleRun] = []
            for function in functions {
                runs.append(
                    try await ExampleRun.measure(
                        function, on: server, plan: plan, progress: Progress.report(function.name)))
            }
            return runs
        }
        for run in runs { print(Self.report(run)) }
        print("Every answer was right.")
    }

    private func chosenExamples() throws -> [MeasuredFunction] {
        let share = try ShareDirectory.installed()
        let names =
            examples.isEmpty
            ? try FileManager.default.contentsOfDirectory(atPath: share.examples.string).sorted() : examples
        return try names.map { try MeasuredFunction.example($0, in: share) }
    }

    private static func report(_ run: ExampleRun) -> String {
        var table = Table(["", "N", "P50", "P99"], alignRight: [1, 2, 3])
        let rows: [(String, Samples)] = [
            ("cold start, without a snapshot", run.cold), ("restore of a clone", run.restore),
            ("first response of a new clone", run.first),
            ("first response, new clones at once", run.concurrent), ("response of a warm clone", run.warm),
        ]
        for (name, samples) in rows {
            table.add([name, "\(samples.count)", Format.milliseconds(samples.p50), Format.milliseconds(samples.p99)])
        }
        for (name, samples) in [("memory of a clone, its own", run.unique), ("memory of a clone, shared", run.shared)] {
            table.add([name, "\(samples.count)", Format.mebibytes(samples.p50), Format.mebibytes(samples.p99)])
        }
        let function = run.function
        return """
            \(function.name) (\(function.runtime), \(function.memorySize) MB)
            \(table.text)
            The snapshot takes away \(Format.percent(run.reduction)) of the cold start.

            """
    }
}
