internal import Glibc
internal import LinuxKit
package import PrometheusMetrics
package import Sandboxes
package import SlotNetwork
package import Snapshots
internal import SystemPackage
package import Worker

/// What a server's parts are at the moment: asked for when somebody scrapes, so that nobody pays for it otherwise.
package struct ServerGauges: Sendable {
    private let slots: SlotPool
    private let engine: any SandboxEngine
    private let worker: FunctionWorker
    private let snapshots: SnapshotStore
    private let version: String
    private let started = Double(WallClock.now()) / 1e9

    package init(
        slots: SlotPool, engine: any SandboxEngine, worker: FunctionWorker, snapshots: SnapshotStore, version: String
    ) {
        self.slots = slots
        self.engine = engine
        self.worker = worker
        self.snapshots = snapshots
        self.version = version
    }

    package func collect() async -> [MetricFamily] {
        let stocks = await engine.stock()
        let occupancy = await worker.occupancy()
        let snapshots = snapshots
        let blocking = await BlockingThread.run { Self.snapshotFamilies(snapshots) + Self.hostFamilies() }
        return slotFamilies() + Self.families(of: occupancy) + Self.families(of: stocks) + blocking + [
            MetricFamily(MetricCatalog.build, [.init([MetricLabel("version", version)], 1)]),
            MetricFamily(MetricCatalog.startTime, [.init([], .number(started))]),
        ]
    }

    private func slotFamilies() -> [MetricFamily] {
        let (census, statistics) = (slots.census, slots.statistics)
        return [
            MetricFamily(
                MetricCatalog.slots,
                SlotState.Kind.allCases.map { .init([MetricLabel("state", "\($0)")], census[$0] ?? 0) }),
            MetricFamily(MetricCatalog.slotClaim, [.init([], .histogram(HistogramValue(statistics.claims)))]),
            MetricFamily(MetricCatalog.slotBuild, [.init([], .histogram(HistogramValue(statistics.builds)))]),
            MetricFamily(MetricCatalog.slotReset, [.init([], .histogram(HistogramValue(statistics.resets)))]),
        ]
    }

    private static func families(of occupancy: WorkerOccupancy) -> [MetricFamily] {
        [
            MetricFamily(
                MetricCatalog.sandboxes,
                [
                    .init([MetricLabel("state", "busy")], occupancy.busy),
                    .init([MetricLabel("state", "changing")], occupancy.changing),
                    .init([MetricLabel("state", "idle")], occupancy.idle),
                ]),
            MetricFamily(MetricCatalog.sandboxLimit, [.init([], occupancy.limit)]),
            MetricFamily(
                MetricCatalog.publishesUnderWay,
                [
                    .init([MetricLabel("state", "running")], occupancy.publishesRunning),
                    .init([MetricLabel("state", "waiting")], occupancy.publishesWaiting),
                ]),
        ]
    }

    private static func families(of stocks: [EngineStock]) -> [MetricFamily] {
        func family(_ metric: MetricDescription, _ value: (EngineStock) -> Int?) -> MetricFamily {
            MetricFamily(
                metric,
                stocks.sorted { $0.isolation.rawValue < $1.isolation.rawValue }.compactMap { stock in
                    value(stock).map { .init([MetricLabel("isolation", stock.isolation.rawValue)], $0) }
                })
        }
        return [
            family(MetricCatalog.templates) { $0.templates },
            family(MetricCatalog.readyClones) { $0.readyClones },
            family(MetricCatalog.readyCells) { $0.readyCells },
            family(MetricCatalog.sandboxMemory) { $0.memoryBytes.map { Int(clamping: $0) } },
        ]
    }

    private static func snapshotFamilies(_ store: SnapshotStore) -> [MetricFamily] {
        let usage = store.usage()
        return [
            MetricFamily(MetricCatalog.snapshots, [.init([], usage.count)]),
            MetricFamily(MetricCatalog.snapshotBytes, [.init([], usage.bytes)]),
        ]
    }

    // MARK: - The host and this process

    /// Without what cannot be read.
    private static func hostFamilies() -> [MetricFamily] {
        let meminfo = try? ProcText(of: "/proc/meminfo")
        func memory(_ key: String) -> [MetricFamily.Sample] {
            (meminfo?.memory(key)).map { [.init([], Int64(clamping: $0))] } ?? []
        }
        // Pages: size, resident, shared, …; proc(5).
        let statm = (try? SmallFile.text("/proc/self/statm"))?.split(separator: " ") ?? []
        let resident = statm.dropFirst().first.flatMap { Int($0) }.map { $0 * Int(sysconf(Int32(_SC_PAGESIZE))) }
        let files = try? Directory.entries("/proc/self/fd").count
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let processor = [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
        return [
            MetricFamily(MetricCatalog.hostMemory, memory("MemTotal")),
            MetricFamily(MetricCatalog.hostMemoryAvailable, memory("MemAvailable")),
            MetricFamily(MetricCatalog.residentMemory, resident.map { [.init([], $0)] } ?? []),
            // Without the one that lists them.
            MetricFamily(MetricCatalog.openFiles, files.map { [.init([], $0 - 1)] } ?? []),
            MetricFamily(MetricCatalog.processorTime, [.init([], .number(processor))]),
        ]
    }
}

extension HistogramValue {
    /// Classes that each reach twice as far as the one before, in seconds.
    fileprivate init(_ histogram: DurationHistogram) {
        let bounds = (0..<histogram.classes.count - 1).map { index in
            Double(DurationHistogram.firstLimit << UInt64(index)) / 1e9
        }
        self.init(bounds: bounds, counts: histogram.classes, sum: Double(histogram.sum) / 1e9)
    }
}
