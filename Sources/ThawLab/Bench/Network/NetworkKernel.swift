import LinuxKit
import SystemPackage

/// What the kernel holds for itself, and what it does in the background.
enum NetworkKernel {
    /// Bytes that the kernel holds, with what it would give back dropped first.
    static func usedMemory() throws -> Int64 {
        try set("/proc/sys/vm/drop_caches", to: "3")
        return try MemoryCounts.read().kernel
    }

    /// Waits until the kernel has taken down what was let go: it does so in the background, and holds the lock meanwhile that
    /// everything here is about.
    static func settle() async throws {
        try await expedited {
            try await BlockingThread.run { () throws(NetworkError) in try NetworkNamespace.waitUntilTakenDown() }
        }
    }

    /// Runs `body`, then waits until the kernel has taken away what it let go: the next measurement finds an idle kernel.
    static func cleared(_ body: () async throws -> Void) async throws {
        // A namespace is held by a descriptor.
        try OpenFileLimit.raise()
        try await Interruption.handled {
            try await body()
            try await settle()
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
