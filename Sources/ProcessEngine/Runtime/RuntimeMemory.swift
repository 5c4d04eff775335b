import Glibc
import LinuxKit
import Synchronization
import SystemPackage

/// The most memory a process has had resident, as /proc tells it.
final class RuntimeMemory: Sendable {
    private struct State {
        var pid: Int32?
        var peak: UInt64 = 0
        var wasRead = false
        /// Open from the second reading on: there are thousands of clones, and most of them serve once.
        var status: SharedDescriptor?
    }

    private let state = Mutex(State())

    func follow(_ pid: Int32) { state.withLock { $0.pid = pid } }

    /// Lets go of the process; the last known value stays.
    func forget() {
        state.withLock { state in
            state.pid = nil
            state.status = nil
        }
    }

    /// In bytes, the last known value once the process has ended.
    func peak() -> UInt64 {
        state.withLock { state in
            guard let pid = state.pid else { return state.peak }
            let path = FilePath("/proc/\(pid)/status")
            guard let status = state.status ?? (try? OwnedDescriptor.open(path, .readOnly).shared()) else {
                return state.peak
            }
            if let kilobytes = Self.highWaterMark(status.descriptor) { state.peak = kilobytes * 1024 }
            if state.wasRead { state.status = status }
            state.wasRead = true
            return state.peak
        }
    }

    private static func highWaterMark(_ status: borrowing OwnedDescriptor) -> UInt64? {
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
            let length = status.withRaw { pread($0, buffer.baseAddress, buffer.count, 0) }
            guard length > 0 else { return nil }
            return number(after: "VmHWM:", in: UnsafeRawBufferPointer(rebasing: buffer[..<length]))
        }
    }

    /// Of a line such as `VmHWM:     1234 kB`.
    private static func number(after name: StaticString, in text: UnsafeRawBufferPointer) -> UInt64? {
        let length = name.utf8CodeUnitCount
        guard let base = text.baseAddress else { return nil }
        var line = 0
        while line + length < text.count, memcmp(base + line, name.utf8Start, length) != 0 {
            guard let end = text[line...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
            line = end + 1
        }
        let digits = text.dropFirst(line + length).drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            .prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return digits.isEmpty ? nil : digits.reduce(0) { $0 &* 10 &+ UInt64($1 - UInt8(ascii: "0")) }
    }
}
