import Dispatch
import Foundation
package import Logging
import Synchronization
package import SystemPackage

/// The files under `<state-dir>/logs`: one a log stream, each line `TIME<TAB>TEXT`.
///
/// Whoever logs only appends to a queue; one thread writes, each file's lines in the order of the queue, so that a slow disk
/// holds up no request and blocks no thread of the cooperative pool. It gathers what comes within some milliseconds: under
/// load waking it for each line would cost more than all the rest of an invocation's bookkeeping.
package final class LogFiles: Sendable {
    private enum Entry {
        case append(FilePath, [UInt8])
        case close(FilePath)
        case flush(CheckedContinuation<Void, Never>)
        case stop(CheckedContinuation<Void, Never>)
    }

    private struct Backlog {
        var entries: [Entry] = []
        var bytes = 0
        var dropped = 0
    }

    /// What may wait for the disk, in bytes; what comes beyond is dropped and counted.
    private static let maximumBacklog = 64 << 20

    /// How long lines wait for others to be written with them.
    private static let gathering = DispatchTimeInterval.milliseconds(5)

    package let directory: FilePath
    private let logger: Logger
    private let backlog = Mutex(Backlog())
    private let available = DispatchSemaphore(value: 0)
    /// Somebody waits: what is queued is to be written at once.
    private let urgent = DispatchSemaphore(value: 0)

    package init(directory: FilePath, logger: Logger) {
        self.directory = directory
        self.logger = logger
        let thread = Thread { [self] in writeUntilStopped() }
        thread.name = "thaw-logs"
        thread.start()
    }

    package func path(function: String, stream: String) -> FilePath {
        directory.appending(function).appending(
            stream.split(separator: "/").compactMap { FilePath.Component(String($0)) })
    }

    package func append(_ lines: [UInt8], to path: FilePath) {
        let isFirst = backlog.withLock { backlog in
            guard backlog.bytes + lines.count <= Self.maximumBacklog else {
                backlog.dropped += 1
                return false
            }
            backlog.bytes += lines.count
            backlog.entries.append(.append(path, lines))
            return backlog.entries.count == 1
        }
        if isFirst { available.signal() }
    }

    package func close(_ path: FilePath) { enqueue(.close(path)) }

    /// Returns when everything appended before is in its file.
    package func flush() async { await withCheckedContinuation { enqueue(.flush($0), isUrgent: true) } }

    /// Writes what is queued and ends the writer; what is appended later is lost.
    package func stop() async { await withCheckedContinuation { enqueue(.stop($0), isUrgent: true) } }

    private func enqueue(_ entry: Entry, isUrgent: Bool = false) {
        let isFirst = backlog.withLock { backlog in
            backlog.entries.append(entry)
            return backlog.entries.count == 1
        }
        if isFirst { available.signal() }
        if isUrgent { urgent.signal() }
    }

    // MARK: - The writer thread

    private func writeUntilStopped() {
        var files = OpenLogFiles(logger: logger)
        while true {
            available.wait()
            _ = urgent.wait(timeout: .now() + Self.gathering)
            let (entries, dropped) = backlog.withLock { backlog in
                defer { backlog = Backlog() }
                return (backlog.entries, backlog.dropped)
            }
            if dropped > 0 {
                logger.error("log lines dropped: the disk is too slow", metadata: ["count": "\(dropped)"])
            }
            for entry in entries {
                switch entry {
                case .append(let path, let bytes): files.gather(bytes, for: path)
                case .close(let path): files.close(path)
                case .flush(let waiter):
                    files.writeGathered()
                    waiter.resume()
                case .stop(let waiter):
                    files.closeAll()
                    waiter.resume()
                    return
                }
            }
            files.writeGathered()
        }
    }
}

/// The descriptors the writer thread holds open. Used by that thread only.
private struct OpenLogFiles {
    let logger: Logger
    private var descriptors: [FilePath: FileDescriptor] = [:]
    /// Not yet written, by file.
    private var gathered: [FilePath: [UInt8]] = [:]
    private var hasFailed = false

    init(logger: Logger) { self.logger = logger }

    mutating func gather(_ bytes: [UInt8], for path: FilePath) { gathered[path, default: []].append(contentsOf: bytes) }

    mutating func writeGathered() {
        for (path, bytes) in gathered { append(bytes, to: path) }
        gathered.removeAll(keepingCapacity: gathered.count < Self.manyFiles)
    }

    private static let manyFiles = 256

    private mutating func append(_ bytes: [UInt8], to path: FilePath) {
        do {
            try descriptor(path).writeAll(bytes)
            hasFailed = false
        } catch {
            // Once per outage, not once per line: a full disk would otherwise fill the server's own log too.
            if !hasFailed {
                logger.error("cannot write a function's log", metadata: ["path": "\(path)", "error": "\(error)"])
            }
            hasFailed = true
        }
    }

    private mutating func descriptor(_ path: FilePath) throws -> FileDescriptor {
        if let open = descriptors[path] { return open }
        try FileManager.default.createDirectory(
            atPath: path.removingLastComponent().string, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o750])
        let opened = try FileDescriptor.open(
            path, .writeOnly, options: [.create, .append, .closeOnExec],
            permissions: [.ownerReadWrite, .groupRead])
        descriptors[path] = opened
        return opened
    }

    mutating func close(_ path: FilePath) {
        if let bytes = gathered.removeValue(forKey: path) { append(bytes, to: path) }
        guard let descriptor = descriptors.removeValue(forKey: path) else { return }
        do {
            try descriptor.close()
        } catch {
            logger.error("cannot close a function's log", metadata: ["path": "\(path)", "error": "\(error)"])
        }
    }

    mutating func closeAll() {
        writeGathered()
        for path in Array(descriptors.keys) { close(path) }
    }
}
