import FunctionModel
import Sandboxes
import ServerAssembly
import Terminal
import Worker

/// From the claim of a process clone to the bytes of its first response, at the engine's interface: the template is warm, the
/// event waits. Every function from its template and from the ready pool; the cases take turns, so that what else the
/// machine does hits all of them alike.
struct ProcessCloneBenchmark: Sendable {
    private static let warmUps = 10
    private static let publishes = 5
    private static let servers = 5
    /// Requests that need a new clone do not come back to back: what an engine makes up for after one is not the next one's.
    private static let pause = Duration.milliseconds(10)

    let context: BenchContext

    func run() async throws {
        let versions = try await context.server(.process, readyClones: 0) { server in
            var cases: [Case] = []
            for subject in context.subjects { cases.append(try await Self.prepare(subject, context, on: server)) }
            for round in 0..<(Self.warmUps + context.count) {
                for index in cases.indices {
                    try await cases[index].measure(counts: round >= Self.warmUps)
                }
            }
            for done in cases { report(done) }
            return cases.map { ($0.subject, $0.function, $0.version) }
        }
        try await measureTemplates(versions)
    }

    /// Publishes a function under several names: of one, clones are always made from the template; of another, one is
    /// always ready; the rest is for the pause alone.
    private static func prepare(
        _ subject: Subject, _ context: BenchContext, on server: MeasuredServer
    ) async throws -> Case {
        let progress = Progress.report(subject.title)
        let function = try subject.function(in: context.share)
        var (sources, version) = ([CloneSource](), 0)
        for number in 0..<publishes {
            progress("publish \(number + 1) of \(publishes)")
            var copy = function
            copy.name += "-\(number)"
            try await server.deploy(copy)
            try await server.client.enableSnapStart(copy.name)
            let published = try await server.client.publish(copy.name)
            guard number < 2 else {
                try await server.delete(copy.name)
                continue
            }
            if number == 0 { version = published }
            _ = try await server.invoke(copy, version: published)
            sources.append(try server.cloneSource(of: copy, version: published))
        }
        await server.makeCold()
        let pauses = Samples(server.events.takePublishes().map(\.pause.milliseconds))
        progress("\(context.count) clones of each kind")
        return Case(
            subject: subject, function: function, version: version, fromTemplate: sources[0], parked: sources[1],
            pauses: pauses)
    }

    /// What one clone took, and is.
    private struct CloneSamples: Sendable {
        var (restore, first, second) = (Samples(), Samples(), Samples())
        var (unique, proportional) = (Samples(), Samples())

        /// Makes a clone, invokes it twice, and destroys it outside of what is timed.
        mutating func measure(_ source: CloneSource, _ function: MeasuredFunction, counts: Bool) async throws {
            let start = ContinuousClock.now
            let clone = try await source.thaw()
            let restored = ContinuousClock.now
            do {
                let answer = try await clone.invoke()
                let answered = ContinuousClock.now
                try function.check(answer)
                try await clone.waitUntilIdle()
                let again = ContinuousClock.now
                try function.check(try await clone.invoke())
                let end = ContinuousClock.now
                try await clone.waitUntilIdle()
                if counts {
                    let use = try await clone.memory()
                    restore.add(restored - start)
                    first.add(answered - start)
                    second.add(end - again)
                    unique.add(Double(use.unique) / 1e6)
                    proportional.add(Double(use.proportional) / 1e6)
                }
            } catch {
                await clone.destroy()
                throw error
            }
            await clone.destroy()
        }
    }

    private struct Case: Sendable {
        let subject: Subject
        let function: MeasuredFunction
        let version: Int
        let fromTemplate: CloneSource
        let parked: CloneSource
        let pauses: Samples
        var template = CloneSamples()
        var ready = CloneSamples()

        mutating func measure(counts: Bool) async throws {
            await parked.keepReady(1)
            try await Task.sleep(for: ProcessCloneBenchmark.pause)
            try await ready.measure(parked, function, counts: counts)
            try await Task.sleep(for: ProcessCloneBenchmark.pause)
            try await template.measure(fromTemplate, function, counts: counts)
        }
    }

    /// The first clone after a start of the server has its template built on the way.
    private func measureTemplates(_ versions: [(Subject, MeasuredFunction, Int)]) async throws {
        var building = [Samples](repeating: Samples(), count: versions.count)
        for _ in 0..<Self.servers {
            building = try await context.server(.process, readyClones: 0) { [building] server in
                var building = building
                for (index, (_, function, version)) in versions.enumerated() {
                    var copy = function
                    copy.name += "-0"
                    _ = try await server.invoke(copy, version: version)
                    building[index].add(server.events.takeFirstResponses().last)
                }
                return building
            }
        }
        for ((subject, _, _), samples) in zip(versions, building) {
            context.report("\(subject.title), no template", "first response, template built", samples)
        }
    }

    // MARK: - Rows

    /// The table, in milliseconds.
    private static func goals(_ subject: Subject) -> (p50: Double, p99: Double) {
        switch subject.language {
        case .python: (2, 6)
        case .java, .node: (5, 15)
        }
    }

    private func report(_ done: Case) {
        let (title, goals) = (done.subject.title, Self.goals(done.subject))
        report("\(title), template", done.template, p50: goals.p50, p99: goals.p99)
        report("\(title), ready", done.ready, p50: 0.5, p99: 2)
        context.report(
            title, "size of the snapshot", unit: "MB", Samples([Double(done.fromTemplate.snapshotBytes) / 1e6]))
        context.report(
            title, "pause of the freeze", done.pauses, goal: done.subject.language == .java ? .p50AtMost(250) : nil)
    }

    private func report(_ name: String, _ samples: CloneSamples, p50: Double, p99: Double) {
        context.report(name, "first response", samples.first, goal: .p50AtMost(p50))
        context.report(name, "first response, p99", samples.first, goal: .p99AtMost(p99))
        context.report(name, "restore", samples.restore)
        context.report(name, "second response", samples.second)
        context.report(name, "unique memory of a clone alone", unit: "MB", samples.unique)
        context.report(name, "PSS of a clone alone", unit: "MB", samples.proportional)
    }
}
