internal import CoreMetrics
import Synchronization

/// One series of a metric. Recording is a few atomic operations: no lock, no allocation.
protocol Series: AnyObject, Sendable {
    var value: MetricFamily.Value { get }
}

/// Counts up; what would take it down is left out.
final class CounterSeries: Series, CounterHandler, FloatingPointCounterHandler {
    private let whole = Atomic<UInt64>(0)
    private let fraction = AtomicDouble()

    func increment(by amount: Int64) {
        if amount > 0 { whole.add(UInt64(amount), ordering: .relaxed) }
    }

    func increment(by amount: Double) {
        if amount > 0 { fraction.add(amount) }
    }

    func reset() {
        whole.store(0, ordering: .relaxed)
        fraction.store(0)
    }

    var value: MetricFamily.Value { .number(Double(whole.load(ordering: .relaxed)) + fraction.load()) }
}

final class GaugeSeries: Series, MeterHandler, RecorderHandler {
    private let number = AtomicDouble()

    func set(_ value: Int64) { number.store(Double(value)) }
    func set(_ value: Double) { number.store(value) }
    func increment(by amount: Double) { number.add(amount) }
    func decrement(by amount: Double) { number.add(-amount) }
    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }

    var value: MetricFamily.Value { .number(number.load()) }
}

final class HistogramSeries: Series, TimerHandler, RecorderHandler {
    private let bounds: [Double]
    // Never moved; one cell more than bounds.
    nonisolated(unsafe) private let cells: UnsafeMutablePointer<Atomic<UInt64>>
    private let sum = AtomicDouble()

    init(bounds: [Double]) {
        self.bounds = bounds
        cells = .allocate(capacity: bounds.count + 1)
        for index in 0...bounds.count { (cells + index).initialize(to: Atomic(0)) }
    }

    deinit {
        cells.deinitialize(count: bounds.count + 1)
        cells.deallocate()
    }

    /// What is not a number belongs to no bucket, and would make the sum one for ever.
    func record(_ value: Double) {
        guard !value.isNaN else { return }
        var index = 0
        while index < bounds.count, value > bounds[index] { index += 1 }
        cells[index].add(1, ordering: .relaxed)
        sum.add(value)
    }

    func record(_ value: Int64) { record(Double(value)) }

    /// Shown in seconds.
    func recordNanoseconds(_ duration: Int64) { record(Double(max(0, duration)) / 1e9) }

    func preferDisplayUnit(_ unit: TimeUnit) {}

    var value: MetricFamily.Value {
        .histogram(
            HistogramValue(
                bounds: bounds, counts: (0...bounds.count).map { cells[$0].load(ordering: .relaxed) }, sum: sum.load()))
    }
}

private struct AtomicDouble: ~Copyable {
    private let bits = Atomic<UInt64>(0)

    func load() -> Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    func store(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

    func add(_ amount: Double) {
        var known = bits.load(ordering: .relaxed)
        while true {
            let next = (Double(bitPattern: known) + amount).bitPattern
            let (done, original) = bits.weakCompareExchange(expected: known, desired: next, ordering: .relaxed)
            if done { return }
            known = original
        }
    }
}
