import Glibc
import LinuxKit
import SystemPackage

/// A timer of timer_create(2).
struct PosixTimer: Equatable {
    var id: CInt
    var clock: CInt = 0
    /// SIGEV_…
    var notify: CInt = 0
    var signal: CInt = 0
    var signalValue: UInt64 = 0
    /// Whom the signal goes to with SIGEV_THREAD_ID, in the sandbox's pid namespace.
    var thread: UInt64 = 0
    var time = TimerValue()

    private static let signalEvent: CInt = 0
    private static let noEvent: CInt = 1
    private static let threadEvent: CInt = 2
    private static let threadID: CInt = 4

    /// Those of a process, from /proc/PID/timers; how much of each is left the process itself must be asked.
    ///
    /// - Parameter threads: pids of its threads here and there.
    static func all(of pid: CInt, threads: [(here: CInt, there: UInt32)]) throws(Errno) -> [PosixTimer] {
        let text: ProcText
        do {
            text = try ProcText(of: "/proc/\(pid)/timers")
        } catch .noSuchFileOrDirectory {
            return []  // a kernel that does not list timers
        }
        return parse(text, threads: threads).sorted { $0.id < $1.id }
    }

    static func parse(_ text: ProcText, threads: [(here: CInt, there: UInt32)]) -> [PosixTimer] {
        var timers: [PosixTimer] = []
        text.forEachLine { line in
            var scanner = LineScanner(line)
            switch String(decoding: scanner.word(), as: UTF8.self) {
            case "ID:":
                scanner.skipBlanks()
                timers.append(PosixTimer(id: CInt(truncatingIfNeeded: scanner.number())))
            case "signal:" where !timers.isEmpty:
                // "60/00007fff865e4a80"
                scanner.skipBlanks()
                timers[timers.count - 1].signal = CInt(truncatingIfNeeded: scanner.number())
                scanner.skip("/")
                timers[timers.count - 1].signalValue = scanner.number(radix: 16)
            case "notify:" where !timers.isEmpty:
                let (notify, thread) = notification(String(decoding: scanner.word(), as: UTF8.self), threads)
                timers[timers.count - 1].notify = notify
                timers[timers.count - 1].thread = thread
            case "ClockID:" where !timers.isEmpty:
                scanner.skipBlanks()
                let clock = CInt(String(decoding: scanner.word(), as: UTF8.self)) ?? -1
                timers[timers.count - 1].clock = known(clock, isSingleThreaded: threads.count == 1)
            default: break
            }
        }
        return timers
    }

    /// The clock as timer_create(2) takes it. The kernel keeps the two of processor time under numbers of its own, and does
    /// not say which thread's it is.
    private static func known(_ clock: CInt, isSingleThreaded: Bool) -> CInt {
        switch clock {
        case -6: CLOCK_PROCESS_CPUTIME_ID
        case -2 where isSingleThreaded: CLOCK_THREAD_CPUTIME_ID
        default: clock
        }
    }

    /// Clocks whose timers a clone can have: wall, monotonic, process, thread, since boot, TAI.
    static let clocks: Set<CInt> = [0, 1, 2, 3, 7, 11]

    /// "signal/tid.2634"
    private static func notification(
        _ text: String, _ threads: [(here: CInt, there: UInt32)]
    ) -> (CInt, UInt64) {
        let parts = text.split { $0 == "/" || $0 == "." }
        let way = parts.first == "none" ? noEvent : parts.first == "thread" ? threadEvent : signalEvent
        guard parts.count == 3, parts[1] == "tid", let here = CInt(parts[2]) else { return (way, 0) }
        return (way | threadID, UInt64(threads.first { $0.here == here }?.there ?? 0))
    }
}
