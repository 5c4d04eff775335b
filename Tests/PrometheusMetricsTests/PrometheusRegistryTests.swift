import CoreMetrics
import PrometheusMetrics
import Testing

@Suite struct PrometheusRegistryTests {
    private static func text(_ registry: PrometheusRegistry) -> String { Exposition.text(of: registry.collect()) }

    @Test("what swift-metrics records is shown, by name and labels")
    func kinds() {
        let registry = PrometheusRegistry(describing: [
            MetricDescription("wait_seconds", .histogram, help: "How long.", buckets: [0.5, 2]),
            MetricDescription("size_bytes", .histogram, help: "How large.", buckets: [1024]),
        ])
        Counter(label: "calls_total", dimensions: [("route", "b"), ("code", "200")], factory: registry).increment(by: 2)
        Counter(label: "calls_total", dimensions: [("code", "200"), ("route", "a")], factory: registry).increment()
        FloatingPointCounter(label: "busy_seconds_total", factory: registry).increment(by: 0.25)
        let meter = Meter(label: "open", factory: registry)
        meter.set(3)
        meter.increment(by: 2)
        meter.decrement(by: 1)
        Timer(label: "wait_seconds", factory: registry).recordNanoseconds(500_000_000)
        Timer(label: "wait_seconds", factory: registry).recordNanoseconds(1_250_000_000)
        Recorder(label: "size_bytes", factory: registry).record(2048)
        Gauge(label: "last", factory: registry).record(7)
        #expect(
            Self.text(registry) == """
                # TYPE busy_seconds_total counter
                busy_seconds_total 0.25
                # TYPE calls_total counter
                calls_total{code="200",route="a"} 1
                calls_total{code="200",route="b"} 2
                # TYPE last gauge
                last 7
                # TYPE open gauge
                open 4
                # HELP size_bytes How large.
                # TYPE size_bytes histogram
                size_bytes_bucket{le="1024"} 0
                size_bytes_bucket{le="+Inf"} 1
                size_bytes_sum 2048
                size_bytes_count 1
                # HELP wait_seconds How long.
                # TYPE wait_seconds histogram
                wait_seconds_bucket{le="0.5"} 1
                wait_seconds_bucket{le="2"} 2
                wait_seconds_bucket{le="+Inf"} 2
                wait_seconds_sum 1.75
                wait_seconds_count 2

                """)
    }

    @Test("a value on the end of a bucket is in it; what is not a number is nowhere")
    func histogramEdges() {
        let registry = PrometheusRegistry(describing: [MetricDescription("h", .histogram, help: "", buckets: [1, 2])])
        let recorder = Recorder(label: "h", factory: registry)
        for value in [1.0, 1.0000001, 2, -5, .infinity, .nan] { recorder.record(value) }
        guard case .histogram(let value)? = registry.collect().first?.samples.first?.value else {
            Issue.record("no histogram")
            return
        }
        #expect(value.counts == [2, 2, 1])
        #expect(value.sum == .infinity)
    }

    @Test("a counter never goes down, except to zero")
    func counters() {
        let registry = PrometheusRegistry()
        let (whole, fraction) = (
            Counter(label: "c", factory: registry), FloatingPointCounter(label: "f", factory: registry)
        )
        whole.increment(by: 5)
        whole.increment(by: -3 as Int64)
        for amount in [1.5, -1, .nan] { fraction.increment(by: amount) }
        #expect(Self.text(registry) == "# TYPE c counter\nc 5\n# TYPE f counter\nf 1.5\n")
        whole.reset()
        fraction.reset()
        #expect(Self.text(registry) == "# TYPE c counter\nc 0\n# TYPE f counter\nf 0\n")
    }

    @Test(
        "names become such that Prometheus takes",
        arguments: [
            ("thaw_x", "thaw_x"), ("http.server-time", "http_server_time"), ("1st", "_1st"), ("", "_"),
            ("a:b", "a:b"), ("größe", "gr__e"), ("x y\n# TYPE", "x_y___TYPE"),
        ])
    func metricNames(given: String, shown: String) {
        let registry = PrometheusRegistry()
        Counter(label: given, factory: registry).increment()
        #expect(Self.text(registry) == "# TYPE \(shown) counter\n\(shown) 1\n")
    }

    @Test(
        "labels too, each once",
        arguments: [
            ([("a-b", "1")], "a_b=\"1\""), ([("le", "1")], "le_=\"1\""), ([("__name__", "1")], "_name__=\"1\""),
            ([("a:b", "1")], "a_b=\"1\""), ([("", "1")], "_=\"1\""), ([("z", "1"), ("a", "2")], "a=\"2\",z=\"1\""),
            ([("a", "1"), ("a", "2")], "a=\"2\""),
        ])
    func labelNames(given: [(String, String)], shown: String) {
        let registry = PrometheusRegistry()
        Counter(label: "c", dimensions: given, factory: registry).increment()
        #expect(Self.text(registry) == "# TYPE c counter\nc{\(shown)} 1\n")
    }

    @Test("a name has one kind: the first")
    func conflict() {
        let registry = PrometheusRegistry(describing: [MetricDescription("x", .gauge, help: "")])
        Counter(label: "x", factory: registry).increment()
        Timer(label: "x", factory: registry).recordNanoseconds(1)
        Meter(label: "x", factory: registry).set(2)
        #expect(Self.text(registry) == "# TYPE x gauge\nx 2\n")
    }

    @Test("label sets beyond the bound share one")
    func bound() {
        let registry = PrometheusRegistry(seriesLimit: 3)
        for index in 0..<100 {
            Counter(label: "c", dimensions: [("function", "f\(index)")], factory: registry).increment()
        }
        Counter(label: "c", dimensions: [("function", "f1")], factory: registry).increment()
        #expect(
            Self.text(registry) == """
                # TYPE c counter
                c{function="(other)"} 97
                c{function="f0"} 1
                c{function="f1"} 2
                c{function="f2"} 1

                """)
    }

    @Test("what is destroyed is shown no more")
    func destruction() {
        let registry = PrometheusRegistry()
        let counter = Counter(label: "c", dimensions: [("a", "1")], factory: registry)
        Counter(label: "c", dimensions: [("a", "2")], factory: registry).increment()
        counter.destroy()
        #expect(Self.text(registry) == "# TYPE c counter\nc{a=\"2\"} 1\n")
    }

    @Test("nothing is lost when many record at a time, and no bucket is ever more than the next")
    func concurrency() async {
        let registry = PrometheusRegistry()
        let (tasks, times) = (8, 20_000)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<tasks {
                group.addTask {
                    let counter = Counter(label: "c", factory: registry)
                    let fraction = FloatingPointCounter(label: "f", factory: registry)
                    let timer = Timer(label: "t_seconds", factory: registry)
                    for index in 0..<times {
                        counter.increment()
                        fraction.increment(by: 0.5)
                        timer.recordNanoseconds(Int64(index) * 1_000_000)
                    }
                }
            }
            group.addTask {
                for _ in 0..<50 {
                    for case .histogram(let value) in registry.collect().flatMap({ $0.samples.map(\.value) }) {
                        #expect(value.counts.count == value.bounds.count + 1)
                    }
                }
            }
        }
        let total = Double(tasks * times)
        let values = Dictionary(
            uniqueKeysWithValues: registry.collect().map { ($0.description.name, $0.samples[0].value) })
        #expect(values["c"] == .number(total))
        #expect(values["f"] == .number(total / 2))
        guard case .histogram(let histogram)? = values["t_seconds"] else {
            Issue.record("no histogram")
            return
        }
        #expect(histogram.counts.reduce(0, +) == UInt64(total))
        #expect(abs(histogram.sum - Double(tasks) * Double(times) * Double(times - 1) / 2 / 1000) < 1)
    }
}
