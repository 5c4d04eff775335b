import LinuxKit

struct VNIBenchmark: Sendable {
    let context: BenchContext

    func run() async throws {}
}
