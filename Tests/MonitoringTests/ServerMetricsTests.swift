import Foundation
import FunctionModel
import LambdaAPI
import Monitoring
import PrometheusMetrics
import Testing
import Worker

@Suite struct ServerMetricsTests {
    private static func lines(_ metrics: ServerMetrics, _ prefix: String) -> [String] {
        Exposition.text(of: metrics.registry.collect()).split(separator: "\n").map(String.init)
            .filter { $0.hasPrefix(prefix) && !$0.contains("_bucket{") }
    }

    private static func invoked(
        _ name: String, _ outcome: InvocationRecord.Outcome, _ start: InvocationRecord.Start?
    ) -> WorkerEvent {
        .invoked(
            InvocationRecord(
                functionName: name, version: .latest, outcome: outcome, start: start, preparation: .milliseconds(2),
                duration: .milliseconds(500)))
    }

    @Test("an invocation is counted by outcome, and timed by what it got")
    func invocations() {
        let metrics = ServerMetrics()
        metrics.observe(Self.invoked("f", .success, .warm))
        metrics.observe(Self.invoked("f", .success, .warm))
        metrics.observe(Self.invoked("f", .timeout, .thawed))
        metrics.observe(Self.invoked("g", .throttled, nil))
        let counts = Self.lines(metrics, "thaw_invocations_total{").filter { !$0.hasSuffix(" 0") }
        #expect(
            counts == [
                #"thaw_invocations_total{function="f",outcome="success"} 2"#,
                #"thaw_invocations_total{function="f",outcome="timeout"} 1"#,
                #"thaw_invocations_total{function="g",outcome="throttled"} 1"#,
            ])
        #expect(
            Self.lines(metrics, "thaw_invocation_duration_seconds") == [
                #"thaw_invocation_duration_seconds_sum{start="booted"} 0"#,
                #"thaw_invocation_duration_seconds_count{start="booted"} 0"#,
                #"thaw_invocation_duration_seconds_sum{start="thawed"} 0.5"#,
                #"thaw_invocation_duration_seconds_count{start="thawed"} 1"#,
                #"thaw_invocation_duration_seconds_sum{start="warm"} 1"#,
                #"thaw_invocation_duration_seconds_count{start="warm"} 2"#,
            ])
        #expect(
            Self.lines(metrics, #"thaw_first_response_seconds_count{start="thawed"}"#).first?.hasSuffix(" 1") == true)
        #expect(Self.lines(metrics, #"thaw_first_response_seconds_count{start="warm"}"#).first?.hasSuffix(" 0") == true)
        #expect(
            Self.lines(metrics, #"thaw_function_duration_seconds_count{function="f"}"#) == [
                #"thaw_function_duration_seconds_count{function="f"} 3"#
            ])
    }

    @Test("whatever names come, as many as the bound have series of their own, and nothing is lost")
    func bound() async {
        let metrics = ServerMetrics()
        let names = ServerMetrics.functionLimit * 3
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for index in 0..<names { metrics.observe(Self.invoked("f\(index)", .success, .warm)) }
                }
            }
        }
        let counts = Self.lines(metrics, "thaw_invocations_total{").filter { $0.contains("success") }
        #expect(counts.count == ServerMetrics.functionLimit + 1)
        let values = counts.compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }
        #expect(values.reduce(0, +) == 4 * names)
        #expect(counts.first?.contains(#"function="(other)""#) == true)
        #expect(
            Self.lines(metrics, #"thaw_invocation_duration_seconds_count{start="warm"}"#).first?.hasSuffix(
                " \(4 * names)") == true)
    }

    @Test("a publish is counted by its end, its steps are timed by theirs")
    func publishes() {
        let metrics = ServerMetrics()
        metrics.observe(.publishStep(.initialization, .seconds(2), succeeded: true))
        metrics.observe(.publishStep(.freeze, .seconds(1), succeeded: false))
        metrics.observe(.publishEnded(failure: nil))
        metrics.observe(.publishEnded(failure: "FunctionError.SnapshotRefused"))
        #expect(
            Self.lines(metrics, "thaw_publishes_total{").filter { !$0.hasSuffix(" 0") } == [
                #"thaw_publishes_total{outcome="FunctionError.SnapshotRefused"} 1"#,
                #"thaw_publishes_total{outcome="active"} 1"#,
            ])
        #expect(
            Self.lines(metrics, "thaw_publish_step_seconds_sum{").filter { !$0.hasSuffix(" 0") } == [
                #"thaw_publish_step_seconds_sum{outcome="failure",step="freeze"} 1"#,
                #"thaw_publish_step_seconds_sum{outcome="success",step="initialization"} 2"#,
            ])
    }

    @Test("an exchange is counted by route and class of status")
    func exchanges() {
        let metrics = ServerMetrics()
        let route = APIExchange.Route(method: "GET", path: "/2015-03-31/functions/{FunctionName}")
        for status in [200, 204, 404, 503, 999] {
            metrics.observe(APIExchange(route: route, status: status, duration: .milliseconds(1)))
        }
        #expect(
            Self.lines(metrics, "thaw_api_requests_total{").filter { !$0.hasSuffix(" 0") }.map { $0.suffix(15) } == [
                #"status="2xx"} 2"#, #"status="4xx"} 1"#, #"status="5xx"} 1"#,
            ])
    }

    @Test("the documentation has every metric, with its kind and its meaning, and no other")
    func documentation() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
        let page = try String(contentsOf: root.appending(path: "docs/metrics.md"), encoding: .utf8)
        let rows = page.split(separator: "\n").compactMap { line -> String? in
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.first?.hasPrefix("`thaw_") == true, let help = cells.last else { return nil }
            return "\(cells[0].dropFirst().dropLast()) \(cells[1]) \(help)"
        }
        let known = MetricCatalog.all.map { "\($0.name) \($0.kind.rawValue) \($0.help)" }
        #expect(rows.sorted() == known.sorted())
        #expect(Set(MetricCatalog.all.map(\.name)).count == MetricCatalog.all.count)
    }
}
