import ServerAssembly
import Testing
import ThawLab

@Suite struct ExampleTableTests {
    private func run(cold: Double, first: Double) -> ExampleRun {
        var run = ExampleRun(function: .echo())
        run.cold.add(cold)
        for samples in [\ExampleRun.restore, \.first, \.concurrent, \.warm] { run[keyPath: samples].add(first) }
        for samples in [\ExampleRun.unique, \.shared] { run[keyPath: samples].add(1) }
        return run
    }

    @Test func levelsStandSideBySide() {
        let text = ExampleTable.text(
            .echo(), at: 0,
            of: [
                ExampleTable.Level(isolation: .microvm, runs: [run(cold: 20_000, first: 200)]),
                ExampleTable.Level(isolation: .process, runs: [run(cold: 500, first: 2.5)]),
            ])
        let lines = text.split(separator: "\n").map { $0.split(separator: "  ", omittingEmptySubsequences: true) }
            .map { $0.map { $0.drop { $0 == " " } } }
        #expect(lines[1] == ["N", "MICROVM P50", "P99", "N", "PROCESS P50", "P99"])
        #expect(
            lines[2] == [
                "cold start, without a snapshot", "1", "20.00 s", "20.00 s", "1", "500.0 ms", "500.0 ms",
            ])
        #expect(lines[4].suffix(2) == ["2.50 ms", "2.50 ms"])
        #expect(
            text.contains(
                "The snapshot takes away 99.0 % of the cold start as microvm, 99.5 % of the cold start as process."))
    }

    @Test func oneLevelStandsAlone() {
        let level = ExampleTable.Level(isolation: .process, runs: [run(cold: 100, first: 10)])
        let text = ExampleTable.text(.echo(), at: 0, of: [level])
        #expect(!text.contains("MICROVM"))
        #expect(text.contains("The snapshot takes away 90.0 % of the cold start as process."))
    }
}
