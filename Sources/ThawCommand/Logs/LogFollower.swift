import Foundation
import Glibc
import LinuxKit
import SystemPackage

/// Shows what is logged as it is logged. Waits in inotify(7), on a thread of its own; never polls.
struct LogFollower: Sendable {
    let reader: LogReader

    /// Runs until the process is interrupted.
    func run() async throws {
        try await BlockingThread.run { [reader] in
            var watch = try LogWatch(reader: reader)
            while true {
                watch.showNew()
                fflush(nil)
                try watch.wait()
            }
        }
    }
}

/// The watched directories of one function and how far each of its streams has been shown.
private struct LogWatch: ~Copyable {
    private let reader: LogReader
    private let descriptor: CInt
    private var watched: Set<String> = []
    private var offsets: [FilePath: Int64] = [:]

    init(reader: LogReader) throws {
        self.reader = reader
        descriptor = inotify_init1(CInt(IN_CLOEXEC))
        guard descriptor >= 0 else { throw LogsError.cannotWatch(reader.directory, Errno(rawValue: errno)) }
    }

    deinit { _ = close(descriptor) }

    /// Shows the lines that came since the last call, and watches directories that are new.
    mutating func showNew() {
        watchTree()
        let streams = (try? reader.streams()) ?? []
        for stream in streams {
            guard let (text, end) = try? reader.read(stream, from: offsets[stream] ?? 0) else { continue }
            offsets[stream] = end
            for line in reader.parse(text, of: stream) { reader.show(line) }
        }
    }

    /// Every directory of the tree; before the function has logged at all, the nearest one above it that exists.
    private mutating func watchTree() {
        var top = reader.directory
        while !FileStatus.isDirectory(top), top.components.count > 0 { top.removeLastComponent() }
        add(top)
        guard top == reader.directory, let names = FileManager.default.enumerator(atPath: top.string) else { return }
        for case let name as String in names {
            let path = "\(top.string)/\(name)"
            if !watched.contains(path), FileStatus.isDirectory(FilePath(path)) { add(FilePath(path)) }
        }
    }

    private mutating func add(_ path: FilePath) {
        guard !watched.contains(path.string) else { return }
        let events = UInt32(IN_CREATE) | UInt32(IN_MODIFY) | UInt32(IN_MOVED_TO)
        if inotify_add_watch(descriptor, path.string, events) >= 0 { watched.insert(path.string) }
    }

    /// Returns when something in a watched directory has changed.
    func wait() throws {
        var events = [UInt8](repeating: 0, count: 16 << 10)
        let count = read(descriptor, &events, events.count)
        if count < 0, errno != EINTR { throw LogsError.cannotWatch(reader.directory, Errno(rawValue: errno)) }
    }
}
