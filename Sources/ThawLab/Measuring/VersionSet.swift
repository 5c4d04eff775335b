import Synchronization

/// Published versions of one function, each under a name of its own, that are started in turn.
struct VersionSet: Sendable {
    private let members: [(function: MeasuredFunction, version: Int)]

    /// Deploys and publishes them; the first clone of each has been made and ended.
    static func publish(
        _ count: Int, of function: MeasuredFunction, on server: MeasuredServer,
        _ progress: @Sendable (String) -> Void
    ) async throws -> VersionSet {
        var members: [(MeasuredFunction, Int)] = []
        for number in 1...count {
            progress("publishing \(number) of \(count)")
            var function = function
            function.name += "-\(number)"
            members.append((function, try await server.publishWarm(function)))
        }
        return VersionSet(members: members)
    }

    /// Its first ones.
    func prefix(_ count: Int) -> VersionSet { VersionSet(members: Array(members.prefix(count))) }

    /// Invokes `count` times, each version in turn, by some clients at once; how long each waited. Throws at the first answer
    /// that is not the function's.
    func invoke(_ count: Int, clients: Int, on server: MeasuredServer) async throws -> Samples {
        let turns = Turns(count)
        return try await withThrowingTaskGroup(of: Samples.self) { group in
            for _ in 0..<clients {
                group.addTask {
                    var samples = Samples()
                    while let turn = turns.take() {
                        let member = members[turn % members.count]
                        samples.add(try await server.invoke(member.function, version: member.version))
                    }
                    return samples
                }
            }
            return try await group.reduce(into: Samples()) { all, more in more.values.forEach { all.add($0) } }
        }
    }
}

/// The numbers from 0 on, each for one who asks.
private final class Turns: Sendable {
    private let count: Int
    private let next = Mutex(0)

    init(_ count: Int) { self.count = count }

    func take() -> Int? {
        next.withLock { next in
            defer { next += 1 }
            return next < count ? next : nil
        }
    }
}
