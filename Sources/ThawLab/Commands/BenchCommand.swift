import ArgumentParser
import BaseImages
import Foundation
import Glibc
import ServerAssembly
import SystemPackage
import Terminal

package struct BenchCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure, and compare with the project's goals.",
        discussion: """
            Says what the machine is and how busy, then a row for each case. Goals are for an idle machine. With --json: one \
            object a line, the machine first, then bench, case, metric, unit, n, min, p50, p99, max, goal, met; lines for plots have \
            bench, case, series, x, y and points.
            """)

    @OptionGroup var lab: LabOptions
    @Argument(
        help:
            "process-clone, invoke, burst, density, soak, versions, front, microvm-clone, publish; of networks: slots, claim, nat, rules, vni."
    )
    var name: Benchmark
    @Option(name: .customLong("runtime"), help: "Measure the function of this runtime; may be given several times.")
    var subjects: [Subject] = []
    @Option(help: "How many: clones, invocations, requests at once, cycles, slots or rounds, as the benchmark has it.")
    var count: Int?
    @Flag(help: "One JSON object a line.") var json = false

    package init() {}

    package func validate() throws {
        if !subjects.isEmpty, !name.takesAnySubject {
            throw ValidationError("\(name.rawValue) has its functions; leave --runtime out")
        }
        guard let count else { return }
        guard let counted = name.count else {
            throw ValidationError("\(name.rawValue) has its numbers; leave --count out")
        }
        guard (counted.least...1_000_000).contains(count) else {
            throw ValidationError(
                "--count, the \(counted.of), must be \(counted.least) to 1000000; \(count) was given")
        }
    }

    @concurrent
    package func run() async throws {
        guard geteuid() == 0 else { throw ServerError.notRoot }
        let subjects = subjects.isEmpty ? name.subjects : subjects
        if !subjects.isEmpty {
            let store = try lab.directory.imageStore()
            for runtime in subjects.map(\.rawValue) {
                _ = try await store.build(runtime, progress: Progress.report("image \(runtime)"))
            }
        }
        let machine = await MachineReport.current()
        print(json ? try JSONLine.text(["machine": machine]) : "\(machine.text)\n\(Self.header)")
        try await name.run(
            BenchContext(
                benchmark: name, directory: lab.directory.path.appending("bench"), images: lab.directory.images,
                subjects: subjects, count: count ?? name.count?.standard ?? 0,
                show: { [json] in Self.show($0, json: json) },
                plot: { [json] in if json { Self.show($0) } }))
    }

    private static func show(_ row: Measurement, json: Bool) {
        if json, let line = try? JSONLine.text(row) {
            print(line)
        } else {
            print(text(row))
        }
        // A row takes minutes: whoever reads along through a pipe sees it when it is there.
        fflush(nil)
    }

    private static func show(_ series: Series) {
        guard let line = try? JSONLine.text(series) else { return }
        print(line)
        fflush(nil)
    }

    private static let header = columns("CASE", "METRIC", "UNIT", "N", "MIN", "P50", "P99", "MAX", "GOAL", "")

    private static func text(_ row: Measurement) -> String {
        let numbers = [row.min, row.p50, row.p99, row.max].map(Format.number)
        return columns(
            row.case, row.metric, row.unit, "\(row.n)", numbers[0], numbers[1], numbers[2], numbers[3],
            row.goal.map(Format.number) ?? "", row.met.map { $0 ? "met" : "MISSED" } ?? "")
    }

    /// Rows appear one by one, so the widths are fixed.
    private static func columns(_ cells: String...) -> String {
        let widths = [28, 33, 4, -5, -8, -8, -8, -8, -8, 6]
        return zip(cells, widths).map { cell, width in
            let padding = String(repeating: " ", count: max(0, abs(width) - cell.count))
            return width < 0 ? padding + cell : cell + padding
        }.joined(separator: " ")
    }
}
