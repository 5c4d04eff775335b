import LinuxKit
import SystemPackage

/// What the kernel holds for itself, and how many network namespaces it has not freed.
enum NetworkKernel {
    /// Bytes that the kernel holds, with what it would give back dropped first.
    static func usedMemory() throws -> Int64 {
        try set("/proc/sys/vm/drop_caches", to: "3")
        return try HostMemory.read().kernel
    }

    /// Network namespaces that exist, those that are being taken down included; nil where the kernel does not tell.
    static func namespaces() -> Int? {
        guard let text = try? SmallFile.text("/proc/slabinfo") else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix("net_namespace ") }
        return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    }

    /// Waits until the kernel has freed what was let go: it takes namespaces down in the background, for minutes when there are
    /// thousands, and holds the lock meanwhile that everything here is about.
    static func waitUntilFreed(to count: Int?, _ progress: @Sendable (String) -> Void) async throws {
        guard let count else { return }
        try await expedited {
            let start = ContinuousClock.now
            var said = Int.max
            // Some that are free are counted as in use while they lie in a processor's cache.
            while let left = namespaces(), left > count + 32, ContinuousClock.now - start < .seconds(300) {
                if left < said - 200 {
                    progress("the kernel is taking down \(left - count) namespaces")
                    said = left
                }
                try await Task.sleep(for: .milliseconds(500))
                // The last of what was a namespace is freed when the next one ends.
                try await BlockingThread.run { () throws(NetworkError) in _ = try NetworkNamespace.create() }
            }
        }
    }

    /// Runs `body`, then waits until the kernel has taken away what it let go: the next measurement finds an idle kernel.
    static func cleared(_ name: String, _ body: () async throws -> Void) async throws {
        let before = namespaces()
        // A namespace is held by a descriptor.
        try OpenFileLimit.raise()
        try await Interruption.handled {
            try await body()
            try await waitUntilFreed(to: before, Progress.report(name))
        }
    }

    /// Runs `body` while the kernel does not put off what waits for all processors (RCU): setting up and taking down thousands
    /// of devices is mostly such waits.
    static func expedited<R: Sendable>(_ body: () async throws -> R) async throws -> R {
        let file: FilePath = "/sys/kernel/rcu_expedited"
        let before = (try? SmallFile.text(file).filter(\.isNumber)) ?? "0"
        try set(file, to: "1")
        defer { try? set(file, to: before) }
        return try await Interruption.with({ try? set(file, to: before) }, body)
    }

    private static func set(_ file: FilePath, to value: String) throws(NetworkError) {
        try BenchSocket.attempt("write \(file)") { () throws(Errno) in try SmallFile.set(file, to: value) }
    }
}
