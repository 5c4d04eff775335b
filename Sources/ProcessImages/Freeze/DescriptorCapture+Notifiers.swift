import CProcessImage
import Glibc
import LinuxKit
import SystemPackage

/// inotify(7). Each clone watches the files of the same names: its own, and those of the images.
extension DescriptorCapture {
    /// A clone numbers its watches one by one until they are as they were.
    private static let highestWatch = 1 << 10

    /// What the processes are told of this freeze's own reading in /tmp, which is not theirs to hear: before, nothing was unread.
    func readAwayNews() {
        for descriptor in opened where unreadNews[descriptor.number] == 0 {
            guard let notifier = try? descriptor.duplicate() else { continue }
            while let count = try? notifier.unreadBytes(), count > 0, (try? notifier.read(upTo: count)) != nil {}
        }
    }

    mutating func takeNotifier(_ descriptor: OpenDescriptor) throws(Errno) {
        guard unreadNews[descriptor.number] == 0 else {
            return refuse(
                descriptor, "watches files (inotify), of which some have changed",
                "read what it tells before the snapshot", patience: .moment)
        }
        var found: [FileWatch] = []
        descriptor.info.forEachLine { if let watch = FileWatch(line: $0) { found.append(watch) } }
        guard found.allSatisfy({ $0.number <= Self.highestWatch }) else {
            return refuse(descriptor, "watches files (inotify), and has often changed which")
        }
        let paths = FileWatch.paths(of: found, seenBy: target.pid)
        for watch in found.sorted(by: { $0.number < $1.number }) {
            guard let path = paths[watch.file] else {
                return refuse(descriptor, "watches files (inotify), of which one cannot be found")
            }
            fileWatches.append(
                thaw_file_watch(
                    descriptor: descriptor.number, number: CInt(watch.number), mask: watch.events, reserved: 0,
                    path: table.text(path)))
        }
        add(descriptor, THAW_FD_NOTIFIER)
    }
}

/// One watch, as /proc/PID/fdinfo tells of it: "inotify wd:1 ino:2 sdev:800013 mask:800afce ignored_mask:0 fhandle-bytes:8 …".
private struct FileWatch {
    struct File: Hashable {
        let device: UInt64
        let inode: UInt64
    }

    let number: Int
    let file: File
    /// IN_… that a program asks for.
    let events: UInt32

    /// IN_ALL_EVENTS, IN_EXCL_UNLINK, IN_ONESHOT.
    private static let asked: UInt32 = 0x8400_0FFF

    init?(line: UnsafeBufferPointer<UInt8>) {
        guard line.starts(with: "inotify ".utf8) else { return nil }
        var values: [Substring: UInt64] = [:]
        for word in String(decoding: line, as: UTF8.self).split(separator: " ") {
            let parts = word.split(separator: ":")
            if parts.count == 2 { values[parts[0]] = UInt64(parts[1], radix: parts[0] == "wd" ? 10 : 16) }
        }
        guard let number = values["wd"], let inode = values["ino"], let device = values["sdev"],
            let mask = values["mask"]
        else { return nil }
        self.number = Int(clamping: number)
        // The kernel's own number, of 12 and 20 bits.
        file = File(device: (device >> 20) << 32 | device & 0xF_FFFF, inode: inode)
        events = UInt32(truncatingIfNeeded: mask) & Self.asked
    }

    /// Where functions have what they watch; the last one has all of its file system.
    private static let places = ["/tmp", "/var/task", "/opt", "/etc", "/"]
    /// Looked at in each.
    private static let mostFiles = 1 << 16

    /// A name of each file, as the process sees it.
    static func paths(of watches: [FileWatch], seenBy pid: CInt) -> [File: String] {
        var search = Search(root: "/proc/\(pid)/root", missing: Set(watches.map(\.file)))
        for place in places where !search.missing.isEmpty { search.look(at: place) }
        return search.found
    }

    private struct Search {
        let root: String
        var missing: Set<File>
        var found: [File: String] = [:]

        /// Looks at a directory and all below that is in its file system, what is near first.
        mutating func look(at place: String) {
            // Followed: for "/" it is a link of /proc.
            guard let status = try? FileStatus.of(FilePath(root + place)),
                missing.contains(where: { $0.device == status.device })
            else { return }
            let device = status.device
            var waiting = [place]
            if let file = missing.remove(File(device: device, inode: status.inode)) { found[file] = place }
            var (next, left) = (0, mostFiles)
            while next < waiting.count, !missing.isEmpty {
                let directory = waiting[next]
                next += 1
                let prefix = directory == "/" ? "/" : directory + "/"
                for name in (try? Directory.entries(FilePath(root + directory))) ?? [] where left > 0 {
                    left -= 1
                    if take(prefix + name, device) == .directory { waiting.append(prefix + name) }
                }
            }
        }

        /// Its kind; nil of what is in another file system.
        private mutating func take(_ path: String, _ device: UInt64) -> FileStatus.Kind? {
            guard let status = try? FileStatus.of(FilePath(root + path), following: false), status.device == device
            else { return nil }
            if let file = missing.remove(File(device: device, inode: status.inode)) { found[file] = path }
            return status.kind
        }
    }
}
