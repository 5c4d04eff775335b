package import SystemPackage

/// A watch for tasks that stand still for want of memory (PSI, Documentation/accounting/psi.rst of the kernel).
package struct MemoryPressure: ~Copyable {
    private let trigger: OwnedDescriptor

    /// - Parameters:
    ///   - file: /proc/pressure/memory, or memory.pressure of a cgroup.
    ///   - stall: how long at least one task has to stand still within `window`, which only some may choose otherwise than
    ///     as a multiple of 2 s.
    /// - Throws: `.noSuchFileOrDirectory`, `.notSupported` where the kernel does not count (psi=0).
    package init(
        file: FilePath = "/proc/pressure/memory", stall: Duration, within window: Duration
    ) throws(Errno) {
        let text = "some \(stall.nanoseconds / 1000) \(window.nanoseconds / 1000)\0"
        trigger = try Self.opened(file, text)
    }

    private static func opened(_ file: FilePath, _ text: String) throws(Errno) -> OwnedDescriptor {
        let trigger = try OwnedDescriptor.open(file, .readWrite, options: [.nonBlocking])
        _ = try trigger.write(text.utf8)
        return trigger
    }

    /// Waits for the next time that it is exceeded, at most once a window; false when `limit` passed first. Blocks.
    package borrowing func wait(atMost limit: Duration) throws(Errno) -> Bool {
        try trigger.wait(for: .urgent, atMost: limit)
    }
}
