internal import CoreMetrics
package import LambdaAPI
internal import LinuxKit
package import PrometheusMetrics
internal import Sandboxes
package import Worker

/// Counts what a server's parts tell. All that has few series is made at the start, so that none of it is missing until it first
/// happens, and recording finds it without a lock.
package final class ServerMetrics: Sendable {
    package let registry: PrometheusRegistry

    private struct FunctionHandles: Sendable {
        let outcomes: [InvocationRecord.Outcome: Counter]
        let duration: Timer
    }

    private struct RouteHandles: Sendable {
        /// 1xx to 5xx.
        let statuses: [Counter]
        let duration: Timer
    }

    private struct PublishHandles: Sendable {
        let succeeded: Timer
        let failed: Timer
    }

    private let functions: HandleTable<String, FunctionHandles>
    private let routes: HandleTable<APIExchange.Route, RouteHandles>
    private let publishes: HandleTable<String, Counter>
    private let preparation, duration, firstResponse: [InvocationRecord.Start: Timer]
    private let publishSteps: [PublishStep: PublishHandles]
    let engines: [IsolationLevel: EngineHandles]

    /// Function names that have series of their own; those of all others are `(other)`. A name keeps its place until the server ends.
    package static let functionLimit = 200
    /// More than the API has routes.
    private static let routeLimit = 256
    /// More than there are codes.
    private static let publishOutcomeLimit = 32

    package init() {
        let registry = PrometheusRegistry(describing: MetricCatalog.events)
        self.registry = registry
        let other = PrometheusRegistry.other
        let make = HandleMaker(factory: registry)
        let function: @Sendable (String) -> FunctionHandles = { name in
            FunctionHandles(
                outcomes: each { (outcome: InvocationRecord.Outcome) in
                    make.counter(MetricCatalog.invocations, ["function": name, "outcome": outcome.rawValue])
                },
                duration: make.timer(MetricCatalog.functionDuration, ["function": name]))
        }
        functions = HandleTable(limit: Self.functionLimit, rest: function(other), make: function)
        let route: @Sendable (APIExchange.Route) -> RouteHandles = { route in
            let labels = ["method": route.method, "path": route.path]
            return RouteHandles(
                statuses: (1...5).map { status in
                    make.counter(MetricCatalog.apiRequests, labels.merging(["status": "\(status)xx"]) { $1 })
                },
                duration: make.timer(MetricCatalog.apiDuration, labels))
        }
        routes = HandleTable(
            limit: Self.routeLimit, rest: route(APIExchange.Route(method: other, path: other)), make: route)
        let publish: @Sendable (String) -> Counter = { make.counter(MetricCatalog.publishes, ["outcome": $0]) }
        publishes = HandleTable(limit: Self.publishOutcomeLimit, rest: publish(other), make: publish)
        preparation = each { make.timer(MetricCatalog.preparation, ["start": $0.rawValue]) }
        duration = each { make.timer(MetricCatalog.duration, ["start": $0.rawValue]) }
        firstResponse = each { make.timer(MetricCatalog.firstResponse, ["start": $0.rawValue]) }
        publishSteps = each { step in
            PublishHandles(
                succeeded: make.timer(MetricCatalog.publishStep, ["step": step.rawValue, "outcome": "success"]),
                failed: make.timer(MetricCatalog.publishStep, ["step": step.rawValue, "outcome": "failure"]))
        }
        engines = each { EngineHandles($0, make) }
    }

    package func observe(_ event: WorkerEvent) {
        switch event {
        case .invoked(let record): observe(record)
        case .publishStep(let step, let took, let succeeded):
            let handles = publishSteps[step]
            (succeeded ? handles?.succeeded : handles?.failed)?.record(took)
        case .publishEnded(let failure): publishes.value(of: failure ?? "active").increment()
        }
    }

    private func observe(_ record: InvocationRecord) {
        let function = functions.value(of: record.functionName)
        function.outcomes[record.outcome]?.increment()
        guard let start = record.start else { return }
        preparation[start]?.record(record.preparation)
        duration[start]?.record(record.duration)
        function.duration.record(record.duration)
        if start != .warm { firstResponse[start]?.record(record.preparation + record.duration) }
    }

    package func observe(_ exchange: APIExchange) {
        let route = routes.value(of: exchange.route)
        route.duration.record(exchange.duration)
        let status = exchange.status / 100 - 1
        if route.statuses.indices.contains(status) { route.statuses[status].increment() }
    }
}

/// Makes handles by what the catalogue says of a metric.
struct HandleMaker: Sendable {
    let factory: PrometheusRegistry

    func counter(_ metric: MetricDescription, _ labels: [String: String]) -> Counter {
        Counter(label: metric.name, dimensions: Array(labels), factory: factory)
    }

    func timer(_ metric: MetricDescription, _ labels: [String: String]) -> Timer {
        Timer(label: metric.name, dimensions: Array(labels), factory: factory)
    }
}

/// A value for each case.
func each<Case: CaseIterable & Hashable, Value>(_ make: (Case) -> Value) -> [Case: Value] {
    Dictionary(uniqueKeysWithValues: Case.allCases.map { ($0, make($0)) })
}

extension Timer {
    func record(_ duration: Duration) { recordNanoseconds(duration.nanoseconds) }
}
