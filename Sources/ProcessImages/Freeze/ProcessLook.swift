import CProcessImage
import Glibc
import LinuxKit
import SystemPackage

/// What a freeze finds out about one of the processes that it has stopped, beside its descriptors.
struct ProcessLook {
    let member: StoppedTree.Member
    let process: ProcessAccess
    let traits: ProcessTraits
    let areas: [MemoryArea]

    init(at member: StoppedTree.Member) throws(FreezeError) {
        self.member = member
        let pid = member.process.hostPID
        let process = try FreezeError.failing(to: "open process \(pid)") { () throws(Errno) in
            try ProcessAccess(pid: pid)
        }
        self.process = process
        traits = try FreezeError.failing(to: "read what process \(pid) is") { () throws(Errno) in
            try ProcessTraits(process, threads: member.stopped.threads.map(\.tid))
        }
        areas = try FreezeError.failing(to: "read the mappings of process \(pid)") { () throws(Errno) in
            try MemoryArea.all(of: pid)
        }
    }

    /// Does what refuses something, which is said of the process unless that is the first one.
    func within<R>(_ first: ProcessLook, into refusals: inout Refusals, _ body: (inout Refusals) -> R) -> R {
        guard member.parent != nil else { return body(&refusals) }
        var found = Refusals()
        defer { refusals.add(found, of: member.process.title) }
        refuseLimits(beside: first, into: &found)
        return body(&found)
    }

    /// Decides about the memory. Refuses what can be seen from outside.
    func mappings(
        _ window: UInt64, _ origin: ProcessImage?, ownsScratch: Bool, into refusals: inout Refusals
    ) -> MappingCapture {
        if member.stopped.isUnderJobControl {
            refusals.add("the runtime has been stopped by a signal", "continue it before the snapshot")
        }
        for thread in member.stopped.threads where thread.dispatchesSystemCalls {
            refusals.add(
                "the runtime has its system calls dispatched to itself", "do not use PR_SET_SYSCALL_USER_DISPATCH")
        }
        traits.refuse(isClone: origin != nil, into: &refusals)
        return MappingCapture(
            areas, of: process, window: window, origin: origin, ownsScratch: ownsScratch, into: &refusals)
    }

    /// What a process of a clone cannot take back once the first one has it.
    private func refuseLimits(beside first: ProcessLook, into refusals: inout Refusals) {
        for (kind, (own, other)) in zip(traits.limits, first.traits.limits).enumerated() {
            let isOfAddresses = kind == RLIMIT_AS.rawValue || kind == RLIMIT_DATA.rawValue
            if own.hard > other.hard || isOfAddresses && own.soft > other.soft {
                refusals.add("has a higher limit (number \(kind)) than the runtime", "set limits before it is started")
            }
        }
        if let own = traits.threads.first?.nice, let other = first.traits.threads.first?.nice, own < other {
            refusals.add("has a lower nice value than the runtime", "set it before the process is started")
        }
        if (traits.outOfMemoryScore ?? 0) < (first.traits.outOfMemoryScore ?? 0) {
            refusals.add("has a lower oom_score_adj than the runtime", "set it before the process is started")
        }
    }

    func ask(_ vdso: VirtualDSO, _ means: FreezeMeans) throws(FreezeError) -> CapturedInside {
        try FreezeError.failing(to: "read the registers of process \(process.pid)") { () throws(Errno) in
            let code = try process.bytes(Int(vdso.end - vdso.codeStart), at: vdso.codeStart)
            guard let place = code.indices.dropLast().first(where: { code[$0] == 0x0F && code[$0 + 1] == 0x05 }) else {
                throw .notSupported
            }
            let capture = ThreadCapture(
                traits: traits.threads, threads: member.stopped.threads, process: process,
                instruction: vdso.codeStart + UInt64(place), means: means)
            return try capture.capture(signals: traits.changedSignals, timers: traits.timers)
        }
    }

    /// Threads of a clone that have not come out of the restorer yet: others may run before them.
    static func refuse(_ threads: [CapturedThread], stillIn window: UInt64, into refusals: inout Refusals) {
        for thread in threads where (window..<window + THAW_WINDOW_SIZE).contains(thread.registers.instructionPointer) {
            refusals.add(
                "thread \(thread.tid) of the clone has not begun yet", "freeze the clone a moment later",
                patience: .moment)
        }
    }

    static func refuse(_ inside: CapturedInside, into refusals: inout Refusals) {
        for thread in inside.threads {
            let name = "thread \(thread.tid) (\(String(decoding: thread.name, as: UTF8.self)))"
            let inUse = thread.extendedState.withUnsafeBytes {
                $0.count < 520 ? 0 : $0.loadUnaligned(fromByteOffset: ExtendedStateLayout.inUse, as: UInt64.self)
            }
            if inUse & ~ExtendedStateLayout.host.features != 0 {
                refusals.add("\(name) uses matrix tiles (AMX)", "release them with TILERELEASE before the snapshot")
            }
            if thread.parentDeathSignal != 0 {
                refusals.add(
                    "\(name) asks for signal \(thread.parentDeathSignal) when its parent ends",
                    "do not use PR_SET_PDEATHSIG: a clone's parent is another")
            }
            if thread.timeStampMode != 1 {
                refusals.add("\(name) may not read the time stamp counter", "do not use PR_SET_TSC")
            }
            if thread.registers.codeSegment != 0x33 {
                refusals.add("\(name) runs 32-bit code", "use 64-bit programs only")
            }
            for finding in thread.settings.findings { refusals.add("\(name) \(finding.what)", finding.remedy) }
        }
        for finding in inside.settings.findings { refusals.add("the runtime \(finding.what)", finding.remedy) }
        for timer in inside.timers where !PosixTimer.clocks.contains(timer.clock) {
            let clock = timer.clock == -2 ? "the processor time of one thread" : "clock \(timer.clock)"
            refusals.add("timer \(timer.id) runs by \(clock)", "delete it in a before-snapshot hook")
        }
    }
}
