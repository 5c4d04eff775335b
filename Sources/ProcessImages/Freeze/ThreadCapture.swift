import Glibc
import LinuxKit
import SystemPackage

/// Everything of a process that must be asked from inside: the engine makes its stopped threads ask.
struct CapturedInside {
    var threads: [CapturedThread]
    var actions: [SignalAction]
    var intervalTimers: [TimerValue]
    var timers: [PosixTimer]
    var dataEnd: UInt64
    var dumpable: UInt32
    /// MEMBARRIER_CMD_REGISTER_… of membarrier(2).
    var barriers: UInt32
    /// PR_SET_CHILD_SUBREAPER.
    var isSubreaper: Bool
    var settings: ProcessSettings
}

/// A signal's disposition: `struct kernel_sigaction`.
struct SignalAction: Equatable {
    var signal: UInt64
    var handler, flags, restorer, mask: UInt64
}

/// What is left of a timer, and its period. Nanoseconds.
struct TimerValue: Equatable {
    var value: UInt64 = 0
    var interval: UInt64 = 0
}

/// Makes stopped threads run system calls of ours. Nothing of that is left in them afterwards.
struct ThreadCapture {
    /// What the process says of itself in /proc, of each thread, in the same order.
    let traits: [ThreadTraits]
    let threads: [TracedThread]
    let process: ProcessAccess
    /// A `syscall` instruction of the process's.
    let instruction: UInt64
    let means: FreezeMeans

    /// Where the answers go, a mapping made for it in the process.
    private struct Scratch {
        let address: UInt64
        let size: UInt64
        static let subreaper: UInt64 = 0
        /// For answers that are read at once.
        static let word: UInt64 = 16
        static let actionSize: UInt64 = 32
        static let threadSize: UInt64 = 64
        static let timerSize: UInt64 = 32
        static let actionsStart: UInt64 = 64
        static let intervalsStart = actionsStart + 65 * actionSize
        static let threadsStart = intervalsStart + 3 * timerSize

        func action(_ signal: UInt64) -> UInt64 { address + Self.actionsStart + signal * Self.actionSize }
        func interval(_ which: Int) -> UInt64 { address + Self.intervalsStart + UInt64(which) * Self.timerSize }
        func thread(_ index: Int) -> UInt64 { address + Self.threadsStart + UInt64(index) * Self.threadSize }
        func timer(_ index: Int, threads: Int) -> UInt64 { thread(threads) + UInt64(index) * Self.timerSize }

        static func size(threads: Int, timers: Int) -> UInt64 {
            let bytes = threadsStart + UInt64(threads) * threadSize + UInt64(timers) * timerSize
            return (bytes + 4095) & ~4095
        }
    }

    /// A stopped thread as it was found, and as it goes on.
    private struct Found {
        let registers: ThreadRegisters
        let mask: UInt64
        let rseq: RestartableSequences?
    }

    func capture(signals: [UInt64], timers: [PosixTimer]) throws(Errno) -> CapturedInside {
        var found: [Found] = []
        for thread in threads { found.append(try look(thread)) }
        let outcome = Result { () throws(Errno) in try ask(found, signals: signals, timers: timers) }
        for (thread, found) in zip(threads, found) {
            // A thread that has ended meanwhile needs nothing back.
            try? thread.setRegisters(found.registers)
            try? thread.setSignalMask(found.mask)
        }
        return try outcome.get()
    }

    private func look(_ thread: TracedThread) throws(Errno) -> Found {
        var registers = try thread.registers()
        let rseq = try thread.restartableSequences()
        if let rseq, registers.systemCall == nil,
            let abort = try ThreadResumption.abortAddress(at: registers.instructionPointer, rseq, in: process)
        {
            // Before the thread runs anything of ours: the kernel would forget the sequence then.
            registers.instructionPointer = abort
        }
        return Found(registers: registers, mask: try thread.signalMask(), rseq: rseq)
    }

    private func ask(
        _ found: [Found], signals: [UInt64], timers: [PosixTimer]
    ) throws(Errno) -> CapturedInside {
        for thread in threads { try thread.setSignalMask(.max) }
        guard let leader = threads.first, let leaderFound = found.first else { throw .noSuchProcess }
        func call(_ number: Int, _ arguments: UInt64...) throws(Errno) -> UInt64 {
            try leader.call(number, arguments, from: leaderFound.registers, at: instruction)
        }
        let size = Scratch.size(threads: threads.count, timers: timers.count)
        let address = try call(
            SystemCallNumber.mmap, 0, size, UInt64(PROT_READ | PROT_WRITE), UInt64(MAP_PRIVATE | MAP_ANONYMOUS), .max, 0
        )
        let scratch = Scratch(address: address, size: size)
        let outcome = Result { () throws(Errno) in
            for signal in signals { _ = try call(SystemCallNumber.sigaction, signal, 0, scratch.action(signal), 8) }
            for which in 0..<3 { _ = try call(SystemCallNumber.getitimer, UInt64(which), scratch.interval(which)) }
            for (index, timer) in timers.enumerated() {
                _ = try call(
                    SystemCallNumber.timerGettime, UInt64(timer.id), scratch.timer(index, threads: threads.count))
            }
            var threadSettings: [ThreadSettings] = []
            for (index, thread) in threads.enumerated() {
                let registers = found[index].registers
                try ask(thread, from: registers, into: scratch.thread(index))
                threadSettings.append(
                    try ThreadSettings(scratch: address + Scratch.word) { number, arguments throws(Errno) in
                        try thread.call(number, arguments, from: registers, at: instruction)
                    } read: { place throws(Errno) in
                        try process.word(at: place)
                    })
            }
            _ = try call(SystemCallNumber.prctl, PrctlOption.getSubreaper, address + Scratch.subreaper)
            let settings = try ProcessSettings(scratch: address + Scratch.word) { number, arguments throws(Errno) in
                try leader.call(number, arguments, from: leaderFound.registers, at: instruction)
            } read: { place throws(Errno) in
                try process.word(at: place)
            }
            let barriers = try barriers { command throws(Errno) in try call(SystemCallNumber.membarrier, command) }
            return try answers(
                in: try process.bytes(Int(size), at: address), scratch, found, signals: signals, timers: timers,
                dataEnd: try call(SystemCallNumber.brk, 0),
                dumpable: try call(SystemCallNumber.prctl, UInt64(PrctlOption.getDumpable)), barriers: barriers,
                settings: settings, threadSettings: threadSettings)
        }
        _ = try call(SystemCallNumber.munmap, address, size)
        return try outcome.get()
    }

    /// MEMBARRIER_CMD_GET_REGISTRATIONS; before Linux 6.3 what the process is allowed to do tells what it has registered for.
    /// That others may interrupt it with a global barrier they do not tell: then its clones let them, which changes nothing
    /// else for them.
    private func barriers(_ call: (UInt64) throws(Errno) -> UInt64) throws(Errno) -> UInt64 {
        if !means.triesOnly {
            do { return try call(BarrierCommand.getRegistrations) } catch .invalidArgument {}
        }
        do {
            let known = try call(BarrierCommand.query)
            var registered = known & BarrierCommand.registerGlobal
            for command in BarrierCommand.expedited where known & command != 0 {
                do {
                    _ = try call(command)
                    registered |= BarrierCommand.registration(for: command)
                } catch .notPermitted {}
            }
            return registered
        } catch .noFunction {
            return 0
        }
    }

    private func ask(
        _ thread: TracedThread, from registers: ThreadRegisters, into address: UInt64
    ) throws(Errno) {
        _ = try thread.call(SystemCallNumber.sigaltstack, [0, address], from: registers, at: instruction)
        for (option, place) in [
            (PrctlOption.getTIDAddress, Answer.clearChildTID), (PrctlOption.getParentDeathSignal, Answer.deathSignal),
            (PrctlOption.getTimeStampMode, Answer.timeStampMode),
        ] {
            _ = try thread.call(SystemCallNumber.prctl, [option, address + place], from: registers, at: instruction)
        }
    }

    private func answers(
        in bytes: [UInt8], _ scratch: Scratch, _ found: [Found], signals: [UInt64], timers: [PosixTimer],
        dataEnd: UInt64, dumpable: UInt64, barriers: UInt64, settings: ProcessSettings,
        threadSettings: [ThreadSettings]
    ) throws(Errno) -> CapturedInside {
        func word(_ address: UInt64, _ index: Int) -> UInt64 {
            bytes.withUnsafeBytes {
                $0.loadUnaligned(fromByteOffset: Int(address - scratch.address) + index * 8, as: UInt64.self)
            }
        }
        func time(_ address: UInt64, unit: UInt64) -> TimerValue {
            TimerValue(
                value: word(address, 2) * 1_000_000_000 + word(address, 3) * unit,
                interval: word(address, 0) * 1_000_000_000 + word(address, 1) * unit)
        }
        var captured: [CapturedThread] = []
        for (index, traced) in threads.enumerated() {
            let place = scratch.thread(index)
            captured.append(
                try self.thread(
                    traced, found[index], traits[index],
                    AlternateStack(
                        address: word(place, 0), flags: UInt32(truncatingIfNeeded: word(place, 1)), size: word(place, 2)
                    ),
                    clearChildTID: word(place, Int(Answer.clearChildTID / 8)),
                    parentDeathSignal: UInt32(truncatingIfNeeded: word(place, Int(Answer.deathSignal / 8))),
                    timeStampMode: UInt32(truncatingIfNeeded: word(place, Int(Answer.timeStampMode / 8))),
                    settings: threadSettings[index]))
        }
        var intervalTimers = (0..<3).map { time(scratch.interval($0), unit: 1000) }
        // It expired after the process was stopped: the kernel starts it again when the signal is taken, and has no time for it
        // until then. In a clone, which has no such signal, it expires at once.
        if intervalTimers[0].value == 0, try isPending(SIGALRM) { intervalTimers[0].value = 1 }
        var timers = timers
        for index in timers.indices { timers[index].time = time(scratch.timer(index, threads: threads.count), unit: 1) }
        return CapturedInside(
            threads: captured,
            actions: signals.map { signal in
                let place = scratch.action(signal)
                return SignalAction(
                    signal: signal, handler: word(place, 0), flags: word(place, 1), restorer: word(place, 2),
                    mask: word(place, 3))
            },
            intervalTimers: intervalTimers, timers: timers, dataEnd: dataEnd,
            dumpable: UInt32(truncatingIfNeeded: dumpable), barriers: UInt32(truncatingIfNeeded: barriers),
            isSubreaper: UInt32(truncatingIfNeeded: word(scratch.address + Scratch.subreaper, 0)) != 0,
            settings: settings)
    }

    private func isPending(_ signal: CInt) throws(Errno) -> Bool {
        try ProcText(of: "/proc/\(process.pid)/status").pendingSignals >> UInt64(signal - 1) & 1 != 0
    }

    private func thread(
        _ thread: TracedThread, _ found: Found, _ traits: ThreadTraits, _ stack: AlternateStack, clearChildTID: UInt64,
        parentDeathSignal: UInt32, timeStampMode: UInt32, settings: ThreadSettings
    ) throws(Errno) -> CapturedThread {
        CapturedThread(
            tid: traits.tid, name: traits.name,
            registers: ThreadResumption.restartingSystemCall(found.registers),
            extendedState: try thread.extendedState(), signalMask: found.mask, alternateStack: stack,
            restartableSequences: found.rseq, robustList: try thread.robustList(), clearChildTID: clearChildTID,
            parentDeathSignal: parentDeathSignal, timeStampMode: timeStampMode, settings: settings)
    }
}

/// Numbers of x86-64.
private enum SystemCallNumber {
    static let mmap = 9
    static let munmap = 11
    static let brk = 12
    static let sigaction = 13
    static let getitimer = 36
    static let sigaltstack = 131
    static let prctl = 157
    static let timerGettime = 224
    static let membarrier = 324
}

/// MEMBARRIER_CMD_… of membarrier(2).
private enum BarrierCommand {
    static let query: UInt64 = 0
    static let registerGlobal: UInt64 = 1 << 2
    static let getRegistrations: UInt64 = 1 << 9
    /// Within the process; for its code; for its rseq sections.
    static let expedited: [UInt64] = [1 << 3, 1 << 5, 1 << 7]

    static func registration(for command: UInt64) -> UInt64 { command << 1 }
}

/// Where a thread's answers are, from its place on: first its alternate stack, of 24 bytes.
private enum Answer {
    static let clearChildTID: UInt64 = 32
    static let deathSignal: UInt64 = 40
    static let timeStampMode: UInt64 = 48
}

private enum PrctlOption {
    static let getParentDeathSignal: UInt64 = 2
    static let getDumpable: UInt64 = 3
    static let getTimeStampMode: UInt64 = 25
    static let getSubreaper: UInt64 = 37
    static let getTIDAddress: UInt64 = 40
}
