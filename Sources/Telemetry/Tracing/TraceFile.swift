internal import LinuxKit
package import Logging
import Synchronization
package import SystemPackage

/// The file of a ``TraceLog``. Whoever ends a span only appends to a buffer; what has gathered is written some milliseconds later,
/// off the cooperative pool.
package final class TraceFile: Sendable {
    private struct Pending {
        var bytes: [UInt8] = []
        var dropped = 0
        var isClosed = false
    }

    /// What may wait for the disk; spans beyond it are dropped and counted.
    private static let limit = 16 << 20
    private static let gathering = Duration.milliseconds(20)

    private let path: FilePath
    private let file: SharedDescriptor
    private let logger: Logger
    private let pending = Mutex(Pending())
    private let wake: AsyncStream<Void>.Continuation
    private let writer: Mutex<Task<Void, Never>?>

    /// - Parameter path: made if missing; what is there stays, and spans are appended.
    package init(_ path: FilePath, logger: Logger) throws(Errno) {
        self.path = path
        self.logger = logger
        file = SharedDescriptor(
            try OwnedDescriptor.open(path, .writeOnly, options: [.create, .append], permissions: [.ownerReadWrite]))
        let (wakeups, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.wake = wake
        writer = Mutex(nil)
        let task = Task { [weak self] in
            for await _ in wakeups {
                try? await Task.sleep(for: Self.gathering)
                await self?.writePending()
            }
        }
        writer.withLock { $0 = task }
    }

    package func append(_ line: [UInt8]) {
        let isFirst = pending.withLock { pending in
            guard !pending.isClosed, pending.bytes.count + line.count <= Self.limit else {
                pending.dropped += 1
                return false
            }
            defer { pending.bytes += line }
            return pending.bytes.isEmpty
        }
        if isFirst { wake.yield() }
    }

    /// Writes what is left; what comes later is lost.
    package func close() async {
        pending.withLock { $0.isClosed = true }
        wake.finish()
        await writer.withLock { $0 }?.value
        await writePending()
    }

    private func writePending() async {
        let (bytes, dropped) = pending.withLock { pending in
            defer { (pending.bytes, pending.dropped) = ([], 0) }
            return (pending.bytes, pending.dropped)
        }
        if dropped > 0 { logger.error("spans dropped: the disk is too slow", metadata: ["count": "\(dropped)"]) }
        guard !bytes.isEmpty else { return }
        do throws(Errno) {
            try await BlockingThread.run { [file] () throws(Errno) in try file.descriptor.writeAll(bytes) }
        } catch {
            logger.error("cannot write spans", metadata: ["path": "\(path)", "error": "\(error)"])
        }
    }
}
