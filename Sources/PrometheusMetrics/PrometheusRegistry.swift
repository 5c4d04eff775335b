package import CoreMetrics
import Synchronization

/// A backend of swift-metrics that Prometheus reads: counters as counters, meters and plain recorders as gauges, timers (in
/// seconds) and aggregating recorders as histograms.
///
/// Making a metric takes a lock, so whoever records often keeps what was made.
package final class PrometheusRegistry: MetricsFactory {
    private struct Family {
        var description: MetricDescription
        var series: [[MetricLabel]: any Series] = [:]
    }

    private let families: Mutex<[String: Family]>
    private let seriesLimit: Int

    /// - Parameters:
    ///   - descriptions: the metrics that have a help text, buckets of their own, or are shown before there are any series.
    ///   - seriesLimit: how many label sets a metric may have; all beyond share one, whose label values are ``other``.
    package init(describing descriptions: [MetricDescription] = [], seriesLimit: Int = 2000) {
        self.seriesLimit = max(1, seriesLimit)
        families = Mutex(Dictionary(descriptions.map { ($0.name, Family(description: $0)) }) { first, _ in first })
    }

    /// The label value of what is beyond a bound.
    package static let other = "(other)"

    /// What there is now, by name, series by labels.
    package func collect() -> [MetricFamily] {
        families.withLock { $0.values.map { ($0.description, Array($0.series)) } }
            .sorted { $0.0.name < $1.0.name }
            .map { description, series in
                MetricFamily(
                    description,
                    series.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { .init($0.key, $0.value.value) })
            }
    }

    // MARK: - MetricsFactory

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions, .counter) { _ in CounterSeries() }
    }

    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        series(label, dimensions, .counter) { _ in CounterSeries() }
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, dimensions, .gauge) { _ in GaugeSeries() }
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard aggregate else { return series(label, dimensions, .gauge) { _ in GaugeSeries() } }
        return series(label, dimensions, .histogram) { HistogramSeries(bounds: $0.buckets) }
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, dimensions, .histogram) { HistogramSeries(bounds: $0.buckets) }
    }

    package func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
    package func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    package func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    package func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    // MARK: - Series

    /// The series of these labels. A name that is another kind's already gets one that is shown nowhere: a scrape with a metric of
    /// two kinds would be refused as a whole.
    private func series<S: Series>(
        _ label: String, _ dimensions: [(String, String)], _ kind: MetricDescription.Kind,
        new: (MetricDescription) -> S
    ) -> S {
        let name = MetricNames.metric(label)
        let labels = MetricNames.labels(dimensions)
        return families.withLock { families in
            let family = families[name] ?? Family(description: MetricDescription(name, kind, help: ""))
            guard family.description.kind == kind else {
                return new(MetricDescription(name, kind, help: ""))
            }
            let isFull = family.series.count >= seriesLimit && family.series[labels] == nil
            let key = isFull ? labels.map { MetricLabel($0.name, Self.other) } : labels
            if let known = family.series[key] { return known as? S ?? new(family.description) }
            let made = new(family.description)
            families[name, default: family].series[key] = made
            return made
        }
    }

    private func remove(_ handler: AnyObject) {
        families.withLock { families in
            for (name, family) in families {
                guard let key = family.series.first(where: { $0.value === handler })?.key else { continue }
                families[name]?.series[key] = nil
            }
        }
    }
}
