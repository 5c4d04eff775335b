package import Basics
internal import CoreMetrics
package import GuestProtocol
internal import LinuxKit
package import NetworkModel
internal import PrometheusMetrics
package import Sandboxes
package import Snapshots
package import Telemetry
internal import Tracing

/// An engine whose boots and thaws are counted, timed and traced; all else is the engine's own.
package struct MeteredEngine: WrappingEngine {
    package let engine: any SandboxEngine
    private let metrics: ServerMetrics
    private let calls: CallTracer

    package init(_ engine: any SandboxEngine, metrics: ServerMetrics, calls: CallTracer) {
        self.engine = engine
        self.metrics = metrics
        self.calls = calls
    }

    package func start(
        _ specification: SandboxSpecification, deadline: Deadline, output: @escaping OutputSink
    ) async throws(SandboxError) -> any Sandbox {
        let handles = metrics.engines[specification.isolation]
        let start = MonotonicClock.now()
        do throws(SandboxError) {
            let sandbox = try await calls.hop(
                "boot", attributes: ["isolation": "\(specification.isolation.rawValue)"]
            ) { _ throws(SandboxError) in
                try await engine.start(specification, deadline: deadline, output: output)
            }
            handles?.noteBoot(since: start)
            return sandbox
        } catch {
            handles?.boots.failed.increment()
            throw error
        }
    }

    package func thaw(
        _ snapshot: SnapshotLease, uniqueness: Uniqueness, network: NetworkMode, deadline: Deadline,
        output: @escaping OutputSink
    ) async throws(SandboxError) -> any Sandbox {
        let level = IsolationLevel(rawValue: snapshot.manifest.snapshot.engine.isolation) ?? isolation
        let handles = metrics.engines[level]
        do throws(SandboxError) {
            return try await calls.hop("thaw", attributes: ["isolation": "\(level.rawValue)"]) {
                span throws(SandboxError) in
                let sandbox = try await engine.thaw(
                    snapshot, uniqueness: uniqueness, network: network, deadline: deadline, output: output)
                handles?.noteThaw(sandbox.thawTimes)
                if let span, let times = sandbox.thawTimes { trace(times, span) }
                return sandbox
            }
        } catch {
            handles?.thaws.failed.increment()
            throw error
        }
    }

    private func trace(_ times: ThawTimes, _ span: any Span) {
        span.attributes["origin"] = times.origin.rawValue
        // What has been timed by the one clock is told by the other.
        let offset = WallClock.now() &- MonotonicClock.now()
        var start = times.start
        for (phase, nanoseconds) in times.durations {
            calls.note(
                "thaw \(phase.rawValue)", from: start &+ offset, to: start &+ nanoseconds &+ offset)
            start += nanoseconds
        }
    }
}

/// What is recorded of one isolation level.
struct EngineHandles: Sendable {
    struct Outcomes: Sendable {
        let succeeded: Counter
        let failed: Counter
    }

    let boots: Outcomes
    let thaws: Outcomes
    private let bootDuration: Timer
    private let thawDurations: [ThawTimes.Origin: Timer]
    private let phases: [ThawTimes.Phase: Timer]

    init(_ level: IsolationLevel, _ make: HandleMaker) {
        let labels = ["isolation": level.rawValue]
        func outcomes(_ metric: MetricDescription) -> Outcomes {
            Outcomes(
                succeeded: make.counter(metric, labels.merging(["outcome": "success"]) { $1 }),
                failed: make.counter(metric, labels.merging(["outcome": "failure"]) { $1 }))
        }
        boots = outcomes(MetricCatalog.boots)
        thaws = outcomes(MetricCatalog.thaws)
        bootDuration = make.timer(MetricCatalog.bootDuration, labels)
        thawDurations = each { origin in
            make.timer(MetricCatalog.thawDuration, labels.merging(["origin": origin.rawValue]) { $1 })
        }
        phases = each { phase in
            make.timer(MetricCatalog.thawPhase, labels.merging(["phase": phase.rawValue]) { $1 })
        }
    }

    func noteBoot(since start: UInt64) {
        boots.succeeded.increment()
        bootDuration.recordNanoseconds(Int64(clamping: MonotonicClock.now() - start))
    }

    /// - Parameter times: nil of an engine that does not tell them.
    func noteThaw(_ times: ThawTimes?) {
        thaws.succeeded.increment()
        guard let times else { return }
        thawDurations[times.origin]?.recordNanoseconds(Int64(clamping: times.total))
        for (phase, nanoseconds) in times.durations { phases[phase]?.recordNanoseconds(Int64(clamping: nanoseconds)) }
    }
}
