import Basics
import ServiceLifecycle
import Synchronization

/// The bounded services of one server.
final class BoundedServices: Sendable {
    private let services = Mutex<[BoundedService]>([])

    func add(_ service: any Service) -> BoundedService {
        let bounded = BoundedService(service)
        services.withLock { $0.append(bounded) }
        return bounded
    }

    /// Ends the waits for their clients.
    func hurry() { for service in services.withLock({ $0 }) { service.hurry() } }
}

/// A service whose clients a stop waits for only so long: a connection on which half a request has come, an upload, an image that
/// is being built for one. Then its tasks are cancelled, and with them the connections end.
struct BoundedService: Service {
    private static let limit = Duration.seconds(3)

    let service: any Service
    /// Settled when nobody is to wait any longer, and at the end.
    private let over = Outcome<Void>()

    init(_ service: any Service) { self.service = service }

    /// Ends the wait, or the one that has not begun.
    func hurry() { over.settle() }

    private enum Event {
        case ended(Result<Void, any Error>)
        case timeIsUp
    }

    func run() async throws {
        let outcome = await withTaskGroup(of: Event.self, returning: Result<Void, any Error>.self) { group in
            group.addTask {
                let outcome: Result<Void, any Error>
                do { outcome = .success(try await service.run()) } catch { outcome = .failure(error) }
                over.settle()
                return .ended(outcome)
            }
            group.addTask {
                // It throws when the service has ended before.
                if (try? await gracefulShutdown()) != nil { _ = await over.wait(within: Self.limit) }
                return .timeIsUp
            }
            defer { group.cancelAll() }
            var isCancelled = false
            for await event in group {
                switch event {
                case .ended(let outcome): return isCancelled ? .success(()) : outcome
                case .timeIsUp:
                    isCancelled = true
                    group.cancelAll()
                }
            }
            return .success(())
        }
        try outcome.get()
    }
}
