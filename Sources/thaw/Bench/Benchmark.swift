import ArgumentParser
import BaseImages
import SystemPackage

/// The benchmarks there are.
enum Benchmark: String, ExpressibleByArgument, CaseIterable, Sendable {
    case microvmClone = "microvm-clone"
    case publish

    /// The runtimes whose base images it needs.
    var runtimes: [String] {
        switch self {
        case .microvmClone: ["java17", "python3.11"]
        case .publish: ["python3.11"]
        }
    }

    func run(_ context: BenchContext) async throws {
        switch self {
        case .microvmClone: try await MicroVMCloneBenchmark(context: context).run()
        case .publish: try await PublishBenchmark(context: context).run()
        }
    }
}

/// Where a benchmark runs and where its rows go.
struct BenchContext: Sendable {
    let directory: FilePath
    let images: FilePath
    let share: ShareDirectory
    let report: @Sendable (Measurement) -> Void
}
