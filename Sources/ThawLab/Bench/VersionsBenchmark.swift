import ServerAssembly
import Terminal

/// Cold starts of several versions in turn: of as many as have clones ready, of some more, which may not be much slower, and of
/// many, for which most clones are made when they are asked for.
struct VersionsBenchmark: Sendable {
    /// As many as a server keeps clones ready of.
    private static let few = 8
    private static let some = 10
    private static let many = 40
    /// The sets take turns, so that what else goes on meets all of them.
    private static let rounds = 5

    let context: BenchContext

    func run() async throws {
        for subject in context.subjects {
            try await context.server(.process, keepWarm: .zero) { server in try await measure(subject, on: server) }
        }
    }

    private func measure(_ subject: Subject, on server: MeasuredServer) async throws {
        let progress = Progress.report(subject.title)
        let function = try subject.function(in: context.share)
        let sizes = [Self.few, Self.some, Self.many]
        let all = try await VersionSet.publish(Self.many, of: function, on: server, progress)
        for clients in [1, 8] {
            var waits = sizes.map { _ in Samples() }
            for round in 0...Self.rounds {
                progress("\(clients) at once, round \(round) of \(Self.rounds)")
                for (index, size) in sizes.enumerated() {
                    let set = all.prefix(size)
                    // Which versions are in use has changed: each is asked for twice before it counts.
                    _ = try await set.invoke(2 * size, clients: 1, on: server)
                    let share = round == 0 ? size : context.count / Self.rounds
                    let samples = try await set.invoke(share, clients: clients, on: server)
                    if round > 0 { samples.values.forEach { waits[index].add($0) } }
                }
            }
            for (size, samples) in zip(sizes, waits) {
                context.report(
                    "\(subject.title), \(clients) at once", "cold start, \(size) versions in turn", samples,
                    goal: size == Self.some ? .p50AtMost(1.2 * waits[0].p50) : nil)
            }
        }
    }
}
