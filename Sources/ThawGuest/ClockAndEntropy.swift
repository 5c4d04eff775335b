import GuestProtocol
import LinuxKit
import SystemPackage

/// What no two clones may have in common, given to this guest's kernel before user code runs in it.
enum ClockAndEntropy {
    static func set(from uniqueness: Uniqueness) throws(GuestError) {
        try GuestError.wrap("reseeding the kernel's random numbers") { () throws(Errno) in
            try Kernel.reseedRandom(with: uniqueness.entropy)
        }
        try GuestError.wrap("setting the wall clock") { () throws(Errno) in
            try WallClock.set(uniqueness.wallClockNanoseconds)
        }
    }
}
