import ArgumentParser
import BaseImages
import ServerAssembly
import SystemPackage

/// The benchmarks there are.
package enum Benchmark: String, ExpressibleByArgument, CaseIterable, Sendable {
    case processClone = "process-clone"
    case invoke
    case burst
    case density
    case soak
    case versions
    case front
    case microvmClone = "microvm-clone"
    case publish
    case slots
    case claim
    case nat
    case rules
    case vni

    /// What is measured when nothing is chosen.
    var subjects: [Subject] {
        switch self {
        case .processClone: Subject.allCases
        case .invoke: [.python311, .node20]
        case .burst, .density: [.python311, .java17]
        case .soak, .versions: [.python311]
        case .microvmClone: [.python311, .java17]
        case .front, .publish: [.python311]
        case .slots, .claim, .nat, .rules, .vni: []
        }
    }

    /// Whether other subjects than these can be chosen.
    var takesAnySubject: Bool {
        switch self {
        case .processClone, .invoke, .burst, .density, .soak, .versions: true
        case .front, .microvmClone, .publish, .slots, .claim, .nat, .rules, .vni: false
        }
    }

    /// What `--count` counts, and how many are counted by default; nil where there is nothing to choose.
    package var count: (of: String, standard: Int, least: Int)? {
        switch self {
        case .processClone: ("clones of each kind", 100, 1)
        case .invoke: ("invocations on one connection", 2000, 1)
        case .burst: ("requests at once", 50, 1)
        case .density: ("clones alive at a time, where there is room", 4000, 1)
        case .soak: ("cycles, and cold starts", 10_000, 200)
        case .versions: ("cold starts of each kind", 500, 50)
        case .front: ("calls of a warm function", 2000, 100)
        case .slots, .claim, .rules: ("network slots", 4000, 100)
        case .nat, .vni: ("rounds", 20, 1)
        case .microvmClone, .publish: nil
        }
    }

    func run(_ context: BenchContext) async throws {
        switch self {
        case .processClone: try await ProcessCloneBenchmark(context: context).run()
        case .invoke: try await InvokeBenchmark(context: context).run()
        case .burst: try await BurstBenchmark(context: context).run()
        case .density: try await DensityBenchmark(context: context).run()
        case .soak: try await SoakBenchmark(context: context).run()
        case .versions: try await VersionsBenchmark(context: context).run()
        case .front: try await FrontBenchmark(context: context).run()
        case .microvmClone: try await MicroVMCloneBenchmark(context: context).run()
        case .publish: try await PublishBenchmark(context: context).run()
        case .slots: try await NetworkKernel.cleared { try await SlotsBenchmark(context: context).run() }
        case .claim: try await NetworkKernel.cleared { try await ClaimBenchmark(context: context).run() }
        case .nat: try await NetworkKernel.cleared { try await NATBenchmark(context: context).run() }
        case .rules: try await NetworkKernel.cleared { try await RulesBenchmark(context: context).run() }
        case .vni: try await NetworkKernel.cleared { try await VNIBenchmark(context: context).run() }
        }
    }
}

/// Where a benchmark runs, how much of it, and where its rows go.
struct BenchContext: Sendable {
    let benchmark: Benchmark
    let directory: FilePath
    let images: FilePath
    let subjects: [Subject]
    let count: Int
    let show: @Sendable (Measurement) -> Void
    let plot: @Sendable (Series) -> Void

    /// Only what is measured with functions needs an installation.
    var share: ShareDirectory { get throws { try ShareDirectory.installed() } }

    /// Runs `body` with a server at one isolation level. Each level has a state of its own: none can thaw another's snapshots.
    func server<R: Sendable>(
        _ isolation: Isolation, readyClones: Int = 1, maximumSandboxes: Int? = nil, slots: Int? = nil,
        keepWarm: Duration? = nil, isWatched: Bool = true, _ body: @Sendable (MeasuredServer) async throws -> R
    ) async throws -> R {
        try await MeasuredServer.with(
            MeasuredServer.Settings(
                isolation: isolation, directory: directory.appending(isolation.rawValue), images: images,
                readyClones: readyClones, maximumSandboxes: maximumSandboxes, slots: slots, keepWarm: keepWarm,
                isWatched: isWatched), body)
    }

    func report(
        _ name: String, _ metric: String, unit: String = "ms", _ samples: Samples, goal: Measurement.Goal? = nil
    ) {
        show(Measurement(benchmark.rawValue, name, metric: metric, unit: unit, samples, goal: goal))
    }

    func line(_ name: String, _ series: String, x: String, y: String, _ points: [Series.Point]) {
        plot(Series(bench: benchmark.rawValue, case: name, series: series, x: x, y: y, points: points))
    }
}
