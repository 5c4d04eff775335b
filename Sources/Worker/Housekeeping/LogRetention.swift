internal import FunctionModel
internal import FunctionStore
internal import Logging

/// Has functions' logs removed that are too old or too much: at the start, and once an hour.
struct LogRetention: Sendable {
    let functions: FunctionCatalog
    let files: LogFiles
    let clock: WorkerClock
    let logger: Logger

    private static let interval = Duration.seconds(3600)

    /// Runs until the task is cancelled.
    func run() async {
        while true {
            do throws(LambdaError) { await files.sweep(keeping: try await names()) } catch {
                logger.error("cannot look for old logs", metadata: ["error": "\(error)"])
            }
            do { try await clock.sleep(Self.interval) } catch { return }
        }
    }

    private func names() async throws(LambdaError) -> Set<String> {
        var (names, page) = (Set<String>(), ListPage())
        while true {
            let listed = try await functions.list(allVersions: false, page: page)
            names.formUnion(listed.items.map(\.functionName))
            guard let marker = listed.nextMarker else { return names }
            page.marker = marker
        }
    }
}
