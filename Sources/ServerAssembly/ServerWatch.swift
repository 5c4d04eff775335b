import FunctionStore
import LambdaAPI
import LinuxKit
import Logging
import Monitoring
import Sandboxes
import SlotNetwork
import Snapshots
import SystemPackage
import Telemetry
import Worker

/// How a server is watched: what of it is counted and traced, and whether it is well. Costs nothing where nobody asked for it.
struct ServerWatch: Sendable {
    let calls: CallTracer
    private let metrics: ServerMetrics?
    private let spans: TraceFile?

    init(_ configuration: ServerConfiguration, logger: Logger) throws(ServerError) {
        metrics = configuration.metricsPort == nil && configuration.traceLog == nil ? nil : ServerMetrics()
        guard let path = configuration.traceLog else {
            (spans, calls) = (nil, .off)
            return
        }
        do throws(Errno) {
            let file = try TraceFile(path, logger: logger)
            (spans, calls) = (file, CallTracer(TraceLog { file.append($0) }))
        } catch {
            throw .cannotTrace(path, error)
        }
    }

    /// The engine as the worker gets it.
    func around(_ engine: any SandboxEngine) -> any SandboxEngine {
        metrics.map { MeteredEngine(engine, metrics: $0, calls: calls) } ?? engine
    }

    func observer(_ other: @escaping WorkerObserver) -> WorkerObserver {
        guard let metrics else { return other }
        return { event in
            metrics.observe(event)
            other(event)
        }
    }

    var exchangeObserver: (@Sendable (APIExchange) -> Void)? {
        guard let metrics else { return nil }
        return { exchange in metrics.observe(exchange) }
    }

    /// What answers at the port of the metrics; nil without one.
    func monitoring(
        _ configuration: ServerConfiguration, gauges: ServerGauges,
        health: @escaping @Sendable () async -> HealthReport, logger: Logger
    ) -> MonitoringServer? {
        guard let metrics, let port = configuration.metricsPort else { return nil }
        return MonitoringServer(
            address: configuration.metricsAddress, port: port,
            hosts: AllowedHosts(listeningAt: configuration.metricsAddress, others: configuration.allowedHosts),
            metrics: metrics, gauges: gauges, health: health, logger: logger)
    }

    /// Writes what is left of the spans. Call once nothing runs any more.
    func close() async { await spans?.close() }
}

/// Whether a server can do its work: asked at each `/healthz`.
struct ServerHealth: Sendable {
    let functions: SQLiteFunctionStore
    let slots: SlotPool

    func report() async -> HealthReport {
        HealthReport([.init("process"), await store(), slotCheck()])
    }

    private func store() async -> HealthReport.Check {
        do throws(FunctionStoreError) {
            try await functions.checkWritable()
            return .init("store")
        } catch {
            return .init("store", failure: error.message)
        }
    }

    /// Slots that are in use come back; those in quarantine for good, and those of a pool that was shut down, do not.
    private func slotCheck() -> HealthReport.Check {
        let census = slots.census
        let isOut = census.allSatisfy { $0.key == .quarantined || $0.value == 0 }
        return .init("slots", failure: isOut ? "none can be used: all are in quarantine" : nil)
    }
}
