import CProcessImage
import Glibc
import LinuxKit
import SystemPackage

/// Descriptors that are no files: eventfd(2), timerfd_create(2), signalfd(2), epoll(7).
extension DescriptorCapture {
    mutating func takeAnonymous(_ descriptor: OpenDescriptor) {
        switch descriptor.link {
        case "anon_inode:[eventfd]":
            add(descriptor, THAW_FD_EVENT) {
                $0.position = descriptor.info.number("eventfd-count", radix: 16) ?? 0
                $0.a = descriptor.info.number("eventfd-semaphore") ?? 0
            }
        case "anon_inode:[eventpoll]": add(descriptor, THAW_FD_EPOLL)
        case "anon_inode:[timerfd]": takeTimer(descriptor)
        case "anon_inode:[signalfd]":
            add(descriptor, THAW_FD_SIGNAL) { $0.position = descriptor.info.number("sigmask", radix: 16) ?? 0 }
        case "anon_inode:[io_uring]":
            refuse(descriptor, "is an io_uring", "start Node.js with UV_USE_IO_URING=0, or \(Refusals.closeInHook)")
        case "anon_inode:inotify": refuse(descriptor, "watches files (inotify)")
        case "anon_inode:[pidfd]": refuse(descriptor, "is a pidfd of a process")
        case let link: refuse(descriptor, "is \(link.dropFirst(11)), which cannot be cloned")
        }
    }

    private mutating func takeTimer(_ descriptor: OpenDescriptor) {
        let value = Self.nanoseconds(descriptor.info.value("it_value"))
        let interval = Self.nanoseconds(descriptor.info.value("it_interval"))
        add(descriptor, THAW_FD_TIMER) {
            $0.a = descriptor.info.number("clockid") ?? 0
            $0.b = descriptor.info.number("settime flags", radix: 8) ?? 0
            $0.position = descriptor.info.number("ticks") ?? 0
            $0.value = value
            $0.interval = interval
        }
    }

    /// "(0, 49406829)": seconds and nanoseconds.
    static func nanoseconds(_ text: String?) -> UInt64 {
        let parts = (text ?? "").split { !$0.isNumber }.compactMap { UInt64($0) }
        guard parts.count == 2 else { return 0 }
        return parts[0] &* 1_000_000_000 &+ parts[1]
    }

    mutating func takeWatches(of epoll: OpenDescriptor, among opened: [OpenDescriptor]) throws(Errno) {
        // Duplicates of one epoll have its watches in common.
        guard entries.contains(where: { $0.number == epoll.number && $0.kind == THAW_FD_EPOLL.rawValue }) else {
            return
        }
        var found: [thaw_watch] = []
        epoll.info.forEachLine { line in
            guard line.starts(with: "tfd:".utf8) else { return }
            found.append(Self.watch(of: epoll.number, line))
        }
        for watch in found {
            let isOpen = opened.contains { $0.number == watch.number }
            let isSingle = found.count { $0.number == watch.number } == 1
            guard isOpen, isSingle, try process.isWatched(watch.number, by: epoll.number) else {
                refuse(
                    epoll, "(epoll) watches what was fd \(watch.number), of which a duplicate is still open",
                    "remove the watch before closing the descriptor")
                continue
            }
            watches.append(watch)
        }
    }

    /// "tfd:        3 events:       19 data:                3  pos:0 ino:40e sdev:10"
    private static func watch(of epoll: CInt, _ line: UnsafeBufferPointer<UInt8>) -> thaw_watch {
        var watch = thaw_watch(epoll: epoll, number: -1, events: 0, reserved: 0, data: 0)
        var scanner = LineScanner(line)
        while true {
            let key = String(decoding: scanner.word(), as: UTF8.self)
            scanner.skipBlanks()
            switch key {
            case "tfd:": watch.number = CInt(truncatingIfNeeded: scanner.number())
            case "events:": watch.events = UInt32(truncatingIfNeeded: scanner.number(radix: 16))
            case "data:": watch.data = scanner.number(radix: 16)
            case "": return watch
            default: break
            }
        }
    }
}
