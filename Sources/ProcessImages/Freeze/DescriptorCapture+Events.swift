import CProcessImage
import Glibc
import LinuxKit
import SystemPackage

/// Descriptors that are no files: eventfd(2), timerfd_create(2), signalfd(2), epoll(7).
extension DescriptorCapture {
    mutating func takeAnonymous(_ descriptor: OpenDescriptor) throws(Errno) {
        switch descriptor.link {
        case "anon_inode:[eventfd]":
            let count = descriptor.info.number("eventfd-count", radix: 16) ?? 0
            let isSemaphore = try isSemaphore(descriptor, count: count)
            add(descriptor, THAW_FD_EVENT) {
                $0.position = count
                $0.a = isSemaphore ? 1 : 0
            }
        case Self.epoll:
            if try descriptor.holder.process.isBusyPolling(descriptor.ownNumber) {
                refuse(descriptor, "is an epoll that polls devices (EPIOCSPARAMS)")
            }
            add(descriptor, THAW_FD_EPOLL)
        case "anon_inode:[timerfd]": takeTimer(descriptor)
        case "anon_inode:[signalfd]":
            add(descriptor, THAW_FD_SIGNAL) { $0.position = descriptor.info.number("sigmask", radix: 16) ?? 0 }
        case "anon_inode:[io_uring]":
            refuse(descriptor, "is an io_uring", "start Node.js with UV_USE_IO_URING=0, or \(Refusals.closeInHook)")
        case Self.notifier: try takeNotifier(descriptor)
        case "anon_inode:[pidfd]": refuse(descriptor, "is a pidfd of a process")
        case let link: refuse(descriptor, "is \(link.dropFirst(11)), which cannot be cloned")
        }
    }

    /// EFD_SEMAPHORE. /proc tells of it since Linux 6.5; before, what a read takes does: one of a semaphore, all of another. The
    /// count is put back, and the process, which stands still, never sees another one.
    private func isSemaphore(_ descriptor: OpenDescriptor, count: UInt64) throws(Errno) -> Bool {
        if !target.means.triesOnly, let told = descriptor.info.number("eventfd-semaphore") { return told != 0 }
        let event = try descriptor.duplicate()
        // With two of them nothing waits, and both kinds differ.
        let added = count < 2 ? 2 - count : 0
        try event.add(added)
        let taken = try event.takeCount()
        if taken == 1 {
            if added == 0 { try event.add(1) }
            if added == 2 { _ = try event.takeCount() }
        } else {
            try event.add(count)
        }
        return taken == 1
    }

    private static let cancelledByClock: UInt64 = 2

    private mutating func takeTimer(_ descriptor: OpenDescriptor) {
        var value = Self.nanoseconds(descriptor.info.value("it_value"))
        let interval = Self.nanoseconds(descriptor.info.value("it_interval"))
        let ticks = descriptor.info.number("ticks") ?? 0
        let flags = descriptor.info.number("settime flags", radix: 8) ?? 0
        if flags & Self.cancelledByClock != 0 {
            refuse(descriptor, "is a timer that ends when the clock is set (TFD_TIMER_CANCEL_ON_SET)")
        }
        // The kernel starts a period anew only when somebody reads or asks; until then nothing seems to be left of it. With
        // expirations that nobody has read it is not disarmed, which would have cleared them.
        if value == 0, ticks > 0 { value = interval }
        add(descriptor, THAW_FD_TIMER) {
            $0.a = descriptor.info.number("clockid") ?? 0
            $0.b = flags
            $0.position = ticks
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

    mutating func takeWatches(of epoll: OpenDescriptor) throws(Errno) {
        // Duplicates of one epoll have its watches in common.
        guard entries.contains(where: { $0.number == epoll.number && $0.kind == THAW_FD_EPOLL.rawValue }) else {
            return
        }
        var found: [thaw_watch] = []
        epoll.info.forEachLine { line in
            guard line.starts(with: "tfd:".utf8) else { return }
            found.append(Self.watch(of: epoll.ownNumber, line))
        }
        for watch in found {
            let isOpen = opened.contains {
                $0.holder.index == epoll.holder.index && $0.ownNumber == watch.number
            }
            let isSingle = found.count { $0.number == watch.number } == 1
            guard isOpen, isSingle, try epoll.holder.process.isWatched(watch.number, by: epoll.ownNumber) else {
                refuse(
                    epoll, "(epoll) watches what was fd \(watch.number), of which a duplicate is still open",
                    "remove the watch before closing the descriptor")
                continue
            }
            add(watch, of: epoll.holder)
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

extension OwnedDescriptor {
    /// Of an eventfd(2).
    fileprivate borrowing func add(_ count: UInt64) throws(Errno) {
        guard count > 0 else { return }
        guard try write(withUnsafeBytes(of: count, Array.init)) == 8 else { throw .ioError }
    }

    fileprivate borrowing func takeCount() throws(Errno) -> UInt64 {
        let bytes = try read(upTo: 8)
        guard bytes.count == 8 else { throw .ioError }
        return bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
    }
}
