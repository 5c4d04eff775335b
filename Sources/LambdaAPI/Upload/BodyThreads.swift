import NIOCore
import NIOPosix

/// The threads on which bodies are decoded and checked, so that large ones hold nobody up: half as many as there are
/// processors.
enum BodyThreads {
    private static let pool: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: max(1, System.coreCount / 2))
        pool.start()
        return pool
    }()

    static func run<R: Sendable>(_ work: @escaping @Sendable () throws -> R) async throws -> R {
        try await pool.runIfActive(work)
    }
}
