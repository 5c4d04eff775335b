import Foundation
internal import Logging
internal import SystemPackage

/// The descriptors the writer thread holds open. Used by that thread only.
struct OpenLogFiles {
    private struct OpenFile {
        let descriptor: FileDescriptor
        let path: FilePath
        var size: Int64
    }

    private let directory: FilePath
    private let limits: LogLimits
    private let clock: WorkerClock
    private let logger: Logger
    private var open: [LogFile: OpenFile] = [:]
    /// Not yet written, by file.
    private var gathered: [LogFile: [UInt8]] = [:]
    private var hasFailed = false
    /// Written since the logs of the function, and of all, were swept.
    private var written: [String: Int64] = [:]
    private var writtenInAll: Int64 = 0
    /// When the server's log last said that a function loses lines.
    private var told: [String: Duration] = [:]

    init(directory: FilePath, limits: LogLimits, clock: WorkerClock, logger: Logger) {
        self.directory = directory
        self.limits = limits
        self.clock = clock
        self.logger = logger
    }

    // MARK: - Writing

    mutating func gather(_ bytes: [UInt8], for file: LogFile) {
        gathered[file, default: []].append(contentsOf: bytes)
    }

    mutating func writeGathered() {
        for (file, bytes) in gathered { append(bytes, to: file) }
        gathered.removeAll(keepingCapacity: gathered.count < Self.manyFiles)
        sweepIfGrown()
    }

    private static let manyFiles = 256

    private mutating func append(_ bytes: [UInt8], to file: LogFile) {
        do {
            try opened(file).descriptor.writeAll(bytes)
            hasFailed = false
        } catch {
            // Once per outage, not once per line: a full disk would otherwise fill the server's own log too.
            if !hasFailed {
                logger.error(
                    "cannot write a function's log",
                    metadata: ["function": "\(file.function)", "stream": "\(file.stream)", "error": "\(error)"])
            }
            hasFailed = true
        }
        let count = Int64(bytes.count)
        written[file.function, default: 0] += count
        writtenInAll += count
        open[file]?.size += count
        if let size = open[file]?.size, size >= limits.bytesOfFile { closeDescriptor(of: file) }
    }

    private mutating func opened(_ file: LogFile) throws -> OpenFile {
        if let open = open[file] { return open }
        let path = LogPaths(directory: directory).path(file)
        try FileManager.default.createDirectory(
            atPath: path.removingLastComponent().string, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o750])
        var number = 0
        while true {
            let path = LogPaths.continuation(number, of: path)
            let descriptor = try FileDescriptor.open(
                path, .writeOnly, options: [.create, .append, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead])
            let size = try descriptor.seek(offset: 0, from: .end)
            if size < limits.bytesOfFile {
                let opened = OpenFile(descriptor: descriptor, path: path, size: size)
                open[file] = opened
                // A file takes a block at least, and many sandboxes log a line or two.
                if size == 0 { written[file.function, default: 0] += LogSweep.leastBytes }
                if size == 0 { writtenInAll += LogSweep.leastBytes }
                return opened
            }
            try descriptor.close()
            number += 1
        }
    }

    mutating func close(_ file: LogFile) {
        if let bytes = gathered.removeValue(forKey: file) { append(bytes, to: file) }
        closeDescriptor(of: file)
    }

    private mutating func closeDescriptor(of file: LogFile) {
        guard let opened = open.removeValue(forKey: file) else { return }
        do { try opened.descriptor.close() } catch {
            logger.error("cannot close a function's log", metadata: ["path": "\(opened.path)", "error": "\(error)"])
        }
    }

    mutating func closeAll() {
        writeGathered()
        for file in Array(open.keys) { close(file) }
    }

    // MARK: - Removing

    /// Removes what is too old or too much.
    mutating func sweep(keeping functions: Set<String>) { sweep { $0.everything(keeping: functions) } }

    private mutating func sweepIfGrown() {
        if writtenInAll >= limits.bytes / 16 {
            sweep { $0.everything(keeping: nil) }
        } else {
            let grown = written.filter { $0.value >= limits.bytesOfFile }.map(\.key)
            for function in grown {
                written[function] = nil
                remove(LogSweep(directory: directory, limits: limits, now: clock.wallClock()).excess(of: function))
            }
        }
    }

    private mutating func sweep(_ choose: (LogSweep) -> [FilePath]) {
        (written, writtenInAll) = ([:], 0)
        remove(choose(LogSweep(directory: directory, limits: limits, now: clock.wallClock())))
    }

    /// One that is being written is continued in a new file.
    private mutating func remove(_ doomed: [FilePath]) {
        guard !doomed.isEmpty else { return }
        let paths = Set(doomed)
        for (file, opened) in open where paths.contains(opened.path) { closeDescriptor(of: file) }
        var failure: (path: FilePath, error: any Error)?
        for path in doomed {
            do { try FileManager.default.removeItem(atPath: path.string) } catch { failure = (path, error) }
        }
        logger.info("removed old log files", metadata: ["count": "\(doomed.count)"])
        if let failure {
            logger.error(
                "cannot remove a log file", metadata: ["path": "\(failure.path)", "error": "\(failure.error)"])
        }
    }

    // MARK: - What was lost

    /// Says in the server's log, once a minute for each, which functions lose lines.
    mutating func tell(_ losers: [String: LogDrop.Reason]) {
        let now = clock.now()
        for (function, reason) in losers {
            if let before = told[function], now - before < .seconds(60) { continue }
            told[function] = now
            switch reason {
            case .tooFast:
                logger.warning(
                    "log lines dropped: the function logs too fast", metadata: ["function": "\(function)"])
            case .diskTooSlow:
                logger.error("log lines dropped: the disk is too slow", metadata: ["function": "\(function)"])
            }
        }
        if told.count > Self.manyFiles { told = told.filter { now - $0.value < .seconds(60) } }
    }
}
