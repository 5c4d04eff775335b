internal import CLinux
import Glibc
package import SystemPackage

/// CLOCK_MONOTONIC, in nanoseconds.
package enum MonotonicClock {
    package static func now() -> UInt64 { nanoseconds(of: CLOCK_MONOTONIC) }
}

/// The CPU's time stamp counter.
package enum TimeStampCounter {
    package static func now() -> UInt64 { clinux_timestamp_counter() }

    /// Its frequency in kHz, against CLOCK_MONOTONIC for 50 ms. Blocks.
    package static func measureKilohertz() -> UInt64 {
        let ticks = now()
        let start = MonotonicClock.now()
        usleep(50_000)
        return (now() - ticks) * 1_000_000 / max(MonotonicClock.now() - start, 1)
    }
}

/// CLOCK_REALTIME, in nanoseconds since 1970.
package enum WallClock {
    package static func now() -> UInt64 { nanoseconds(of: CLOCK_REALTIME) }

    /// clock_settime(2); needs CAP_SYS_TIME.
    package static func set(_ nanoseconds: UInt64) throws(Errno) {
        var time = timespec(
            tv_sec: time_t(clamping: nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        try syscall { clock_settime(CLOCK_REALTIME, &time) }
    }
}

private func nanoseconds(of clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(clamping: time.tv_sec) * 1_000_000_000 + UInt64(clamping: time.tv_nsec)
}

extension Duration {
    /// The whole of it in nanoseconds, at most `Int64.max`.
    package var nanoseconds: Int64 {
        let (seconds, overflow) = components.seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : seconds.addingReportingOverflow(components.attoseconds / 1_000_000_000).partialValue
    }
}

/// The kernel's random bytes.
package enum SystemRandom {
    /// getrandom(2), once for up to 256 bytes: a generator that makes a number at a time makes a system call for each.
    package static func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let made = bytes.withUnsafeMutableBytes { buffer in
                getrandom(buffer.baseAddress.map { $0 + done }, count - done, 0)
            }
            // It is interrupted at most, with these arguments, and has no other way to fail.
            precondition(made > 0 || errno == EINTR, "getrandom: \(Errno(rawValue: errno))")
            done += max(0, made)
        }
        return bytes
    }
}
