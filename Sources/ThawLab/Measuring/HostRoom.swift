import LinuxKit

/// How many more of something this host and this process have room for.
struct HostRoom: Sendable {
    var count: Int
    /// What runs out first.
    var limit: String

    /// What so many take together.
    struct Cost: Sendable {
        var count: Int
        var memoryBytes: Int64
        var threads: Int
        var descriptors: Int
    }

    /// What stays free. A runtime that works has more threads than one that rests.
    private static let spare = (memoryBytes: Int64(1) << 30, descriptors: 256, threads: 4096)

    static func measure(_ cost: Cost) throws -> HostRoom {
        let memory = try MemoryCounts.read().available - spare.memoryBytes
        let threads = try HostCounts.maximumThreads() - HostCounts.threads() - spare.threads
        let descriptors = Int(try OpenFileLimit.raise()) - (try HostCounts.descriptors()) - spare.descriptors
        return [
            HostRoom(count: Int(memory) * cost.count / max(1, Int(cost.memoryBytes)), limit: "memory"),
            HostRoom(
                count: threads * cost.count / max(1, cost.threads),
                limit: "threads (kernel.pid_max, kernel.threads-max)"),
            HostRoom(count: descriptors * cost.count / max(1, cost.descriptors), limit: "open files (ulimit -Hn)"),
        ].min { $0.count < $1.count } ?? HostRoom(count: 0, limit: "")
    }
}
