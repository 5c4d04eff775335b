internal import CLinux
import Glibc
package import SystemPackage

/// timerfd_create(2) with CLOCK_MONOTONIC: readable from a point in time on, until it is set anew.
package struct AlarmDescriptor: ~Copyable, Sendable {
    package let descriptor: OwnedDescriptor

    package init() throws(Errno) {
        descriptor = try OwnedDescriptor {
            timerfd_create(CLOCK_MONOTONIC, CInt(TFD_CLOEXEC | TFD_NONBLOCK))
        }
    }

    /// - Parameter time: nanoseconds, as ``MonotonicClock`` counts them; `.max` is never.
    package borrowing func set(_ time: UInt64) throws(Errno) {
        var wanted = itimerspec()
        if time < .max {
            // Zero would disarm it.
            let time = max(1, time)
            wanted.it_value.tv_sec = time_t(clamping: time / 1_000_000_000)
            wanted.it_value.tv_nsec = Int(time % 1_000_000_000)
        }
        try descriptor.withRaw { raw throws(Errno) in
            _ = try syscall { timerfd_settime(raw, CInt(TFD_TIMER_ABSTIME), &wanted, nil) }
        }
    }
}
