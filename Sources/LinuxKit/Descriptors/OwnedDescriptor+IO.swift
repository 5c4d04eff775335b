internal import CLinux
import Glibc
package import SystemPackage

extension OwnedDescriptor {
    /// read(2): at most `count` bytes; empty at the end. A nonblocking descriptor with nothing to read throws
    /// `.resourceTemporarilyUnavailable`.
    package borrowing func read(upTo count: Int) throws(Errno) -> [UInt8] {
        try withRaw { raw throws(Errno) in
            var failure: Errno?
            let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
                do throws(Errno) {
                    used = try syscall { Glibc.read(raw, buffer.baseAddress, count) }
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
            return bytes
        }
    }

    /// Reads to the end, or throws `.fileTooLarge` when there is more than `limit`.
    package borrowing func readAll(limit: Int = 1 << 30) throws(Errno) -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let piece = try read(upTo: min(65_536, limit - bytes.count + 1))
            if piece.isEmpty { return bytes }
            bytes += piece
            if bytes.count > limit { throw .fileTooLarge }
        }
    }

    /// write(2): the number of bytes taken, which may be fewer than given.
    package borrowing func write(_ bytes: some Sequence<UInt8>) throws(Errno) -> Int {
        try withRaw { raw throws(Errno) in
            let outcome = Array(bytes).withUnsafeBytes { buffer -> Result<Int, Errno> in
                Result { () throws(Errno) in try syscall { Glibc.write(raw, buffer.baseAddress, buffer.count) } }
            }
            return try outcome.get()
        }
    }

    /// Writes everything; waits in poll(2) where a nonblocking descriptor is full.
    package borrowing func writeAll(_ bytes: some Sequence<UInt8>) throws(Errno) {
        let bytes = Array(bytes)
        var done = 0
        while done < bytes.count {
            do {
                done += try withRaw { raw throws(Errno) in
                    let outcome = bytes.withUnsafeBytes { buffer -> Result<Int, Errno> in
                        let rest = UnsafeRawBufferPointer(rebasing: buffer[done...])
                        return Result { () throws(Errno) in
                            try syscall { Glibc.write(raw, rest.baseAddress, rest.count) }
                        }
                    }
                    return try outcome.get()
                }
            } catch .resourceTemporarilyUnavailable {
                _ = try wait(for: .writable, atMost: nil)
            }
        }
    }

    /// poll(2): false when `limit` passed first; nil waits for ever. Blocks the thread.
    package borrowing func wait(for readiness: Readiness, atMost limit: Duration?) throws(Errno) -> Bool {
        let deadline = limit.map { MonotonicClock.now() + UInt64(max(0, $0.nanoseconds)) }
        return try withRaw { raw throws(Errno) in
            while true {
                var state = pollfd(fd: raw, events: readiness.pollEvents, revents: 0)
                let left = deadline.map { deadline -> CInt in
                    let now = MonotonicClock.now()
                    // Rounded up: a wait must not end before its time.
                    return deadline <= now ? 0 : CInt(clamping: (deadline - now + 999_999) / 1_000_000)
                }
                let ready = poll(&state, 1, left ?? -1)
                if ready > 0 { return true }
                if ready == 0 { return false }
                let code = Errno(rawValue: errno)
                if code != .interrupted { throw code }
            }
        }
    }

    /// Sends a descriptor over a Unix socket, beside `bytes`, of which there is at least one (SCM_RIGHTS of unix(7)).
    /// Both keep their own.
    /// - Returns: how many of the bytes were taken.
    @discardableResult
    package borrowing func send(
        _ descriptor: borrowing OwnedDescriptor, beside bytes: [UInt8] = [0]
    ) throws(Errno) -> Int {
        try withRaw { socket throws(Errno) in
            try descriptor.withRaw { passed throws(Errno) in
                Int(try shim { clinux_send_descriptor(socket, passed, bytes, bytes.count) })
            }
        }
    }

    /// Receives what ``send(_:)`` sent; `.noData` when the next message carries no descriptor.
    package borrowing func receiveDescriptor() throws(Errno) -> OwnedDescriptor {
        OwnedDescriptor(adopting: try withRaw { raw throws(Errno) in try shim { clinux_receive_descriptor(raw) } })
    }
}

/// What to wait for in poll(2) and epoll(7).
package struct Readiness: OptionSet, Sendable, Hashable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let readable = Readiness(rawValue: 0x001)
    package static let urgent = Readiness(rawValue: 0x002)
    package static let writable = Readiness(rawValue: 0x004)
    /// Reported whether asked for or not.
    package static let error = Readiness(rawValue: 0x008)
    /// The other side closed; reported whether asked for or not. What it wrote before can still be read.
    package static let hangUp = Readiness(rawValue: 0x010)

    var pollEvents: CShort { CShort(truncatingIfNeeded: rawValue) }
}
