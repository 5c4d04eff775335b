import LinuxKit
import NetworkModel
import SlotNetwork

/// What translating a slot's address costs: ours, beside a table of connections kept twice and beside no translation at all.
struct NATBenchmark: Sendable {
    private static let port: UInt16 = 7007
    private static let exchanges = 512
    private static let transfer = Duration.milliseconds(300)

    let context: BenchContext

    /// A way, and the namespaces that its packets pass.
    private struct Subject: Sendable {
        var way: Way
        var passed: [SharedDescriptor]
        var tracked = Samples()

        mutating func count() throws(NetworkError) {
            var count = 0
            for namespace in passed { count += try BenchHost.trackedConnections(in: namespace) }
            tracked.add(Double(count))
        }
    }

    func run() async throws {
        try await withSlot("ours", .routed) { routed in
            try await withSlot("ours, masqueraded by the host", .masquerade) { masqueraded in
                // What the kernel has no choice of is what it has above.
                guard try ProgramAttachment.best() != .clsact else { return try await measure([routed, masqueraded]) }
                try await withSlot("ours, by clsact", .routed, .clsact) { older in
                    try await measure([routed, masqueraded, older])
                }
            }
        }
    }

    private func measure(_ ours: [Subject]) async throws {
        let plan = Way.Plan(rounds: context.count, exchanges: Self.exchanges, transfer: Self.transfer)
        let subjects = try await BlockingThread.run { () throws(any Error) in
            try Self.measure([try Self.plain(), try Self.tracked()] + ours, plan)
        }
        for subject in subjects { report(subject) }
        compare(subjects.map(\.way))
    }

    private static func measure(_ subjects: [Subject], _ plan: Way.Plan) throws(NetworkError) -> [Subject] {
        var (subjects, ways) = (subjects, subjects.map(\.way))
        try Way.measure(&ways, plan) { _ throws(NetworkError) in
            for index in subjects.indices { try subjects[index].count() }
        }
        for index in subjects.indices { subjects[index].way = ways[index] }
        return subjects
    }

    // MARK: - Ways

    private static func plain() throws -> Subject {
        let host = try BenchHost.make()
        let client = try host.client("c0", TrackedNAT.outside)
        return Subject(
            way: Way("no translation", try host.load(from: client, port: port)), passed: [client, host.namespace])
    }

    private static func tracked() throws -> Subject {
        let host = try BenchHost.make()
        let client = try TrackedNAT.client(on: host)
        return Subject(
            way: Way("conntrack, twice", try host.load(from: client, port: port)), passed: [client, host.namespace])
    }

    private func withSlot(
        _ name: String, _ egress: EgressMode, _ attachment: ProgramAttachment? = nil,
        _ body: (Subject) async throws -> Void
    ) async throws {
        let host = try await BlockingThread.run { () throws(NetworkError) in try BenchHost.make() }
        try await BenchSlots.with(4, egress: egress, attachment: attachment, on: host, in: context.directory) { pool in
            await pool.prepare()
            let slot = try pool.claimOne(bound: .egress)
            let load = try await BlockingThread.run { () throws(NetworkError) in
                try host.load(from: slot.openNamespace(), port: Self.port)
            }
            try await body(Subject(way: Way(name, load), passed: [slot.openNamespace(), host.namespace]))
            await pool.release(slot)
        }
    }

    // MARK: - Rows

    private func report(_ subject: Subject) {
        let way = subject.way
        context.report(way.name, "TCP connect", unit: "us", way.connects)
        context.report(way.name, "request and response, 1 byte", unit: "us", way.exchanges)
        context.report(way.name, "throughput", unit: "Gb/s", way.throughput)
        context.report(
            way.name, "tracked connections", unit: "", subject.tracked, goal: way.name == "ours" ? .maxAtMost(0) : nil)
    }

    private func compare(_ ways: [Way]) {
        let (plain, tracked, ours) = (ways[0], ways[1], ways[2])
        for (metric, median) in [("connect", \Way.connect), ("request and response", \Way.exchange)] {
            context.report(
                "ours, against conntrack", metric, unit: "x", ours.ratio(to: tracked, median), goal: .p50AtMost(1))
            context.report("ours, against no translation", metric, unit: "x", ours.ratio(to: plain, median))
        }
        if ways.count > 4 {
            for (metric, median) in [("connect", \Way.connect), ("request and response", \Way.exchange)] {
                context.report("by clsact, against tcx", metric, unit: "x", ways[4].ratio(to: ours, median))
            }
            context.report(
                "by clsact, against tcx", "throughput", unit: "x", ways[4].ratio(to: ours, \.throughput))
        }
        context.report(
            "ours, against no translation", "throughput", unit: "x", ours.ratio(to: plain, \.throughput),
            goal: .p50AtLeast(0.95))
    }
}
