import PrometheusMetrics
import Testing

@Suite struct ExpositionTests {
    @Test("a counter, a gauge and a histogram read as the format's specification has them")
    func golden() {
        let families = [
            MetricFamily(
                MetricDescription("http_requests_total", .counter, help: "The total number of HTTP requests."),
                [
                    .init([MetricLabel("code", "200"), MetricLabel("method", "post")], 1027),
                    .init([MetricLabel("code", "400"), MetricLabel("method", "post")], 3),
                ]),
            MetricFamily(
                MetricDescription(
                    "http_request_duration_seconds", .histogram, help: "A histogram of the request duration."),
                [
                    .init(
                        [],
                        .histogram(
                            HistogramValue(
                                bounds: [0.05, 0.1, 1], counts: [24_054, 9_390, 100_948, 9_928], sum: 53_423)))
                ]),
            MetricFamily(MetricDescription("metric_without_help", .gauge, help: ""), [.init([], .number(12.47))]),
            MetricFamily(MetricDescription("nothing_yet", .counter, help: "No series."), []),
        ]
        #expect(
            Exposition.text(of: families) == """
                # HELP http_requests_total The total number of HTTP requests.
                # TYPE http_requests_total counter
                http_requests_total{code="200",method="post"} 1027
                http_requests_total{code="400",method="post"} 3
                # HELP http_request_duration_seconds A histogram of the request duration.
                # TYPE http_request_duration_seconds histogram
                http_request_duration_seconds_bucket{le="0.05"} 24054
                http_request_duration_seconds_bucket{le="0.1"} 33444
                http_request_duration_seconds_bucket{le="1"} 134392
                http_request_duration_seconds_bucket{le="+Inf"} 144320
                http_request_duration_seconds_sum 53423
                http_request_duration_seconds_count 144320
                # TYPE metric_without_help gauge
                metric_without_help 12.47
                # HELP nothing_yet No series.
                # TYPE nothing_yet counter

                """)
        #expect(Exposition.text(of: []) == "")
        #expect(Exposition.contentType == "text/plain; version=0.0.4; charset=utf-8")
    }

    @Test(
        "label values are escaped",
        arguments: [
            ("C:\\DIR\\FILE.TXT", #"C:\\DIR\\FILE.TXT"#),
            ("Cannot find file:\n\"FILE.TXT\"", #"Cannot find file:\n\"FILE.TXT\""#),
            ("", ""),
            ("größe {x=\"1\"} 7", #"größe {x=\"1\"} 7"#),
            ("a\r\nb", "a\r\\nb"),  // one character of two scalars
            (#"\n"#, #"\\n"#),  // not a line feed
        ])
    func labels(value: String, written: String) {
        let family = MetricFamily(MetricDescription("m", .gauge, help: ""), [.init([MetricLabel("l", value)], 1)])
        #expect(Exposition.text(of: [family]) == "# TYPE m gauge\nm{l=\"\(written)\"} 1\n")
    }

    @Test("in a help text a quote stands for itself")
    func help() {
        let family = MetricFamily(MetricDescription("m", .gauge, help: "a \"b\" \\ c\nd"), [])
        #expect(Exposition.text(of: [family]) == "# HELP m a \"b\" \\\\ c\\nd\n# TYPE m gauge\n")
    }

    @Test(
        "numbers are those that a Go program reads",
        arguments: [
            (0, "0"), (-0.0, "0"), (1, "1"), (-3, "-3"), (0.005, "0.005"), (1.5e-7, "1.5e-07"),
            (1_458_255_915, "1458255915"),
            (9_007_199_254_740_991, "9007199254740991"), (1e300, "1e+300"), (.nan, "NaN"), (.infinity, "+Inf"),
            (-.infinity, "-Inf"),
        ] as [(Double, String)])
    func numbers(value: Double, written: String) {
        let family = MetricFamily(MetricDescription("m", .gauge, help: ""), [.init([], .number(value))])
        #expect(Exposition.text(of: [family]) == "# TYPE m gauge\nm \(written)\n")
    }
}
