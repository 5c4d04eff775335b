import CProcessImage
import Glibc
import LinuxKit
import SystemPackage

/// What /proc tells of one thread.
struct ThreadTraits {
    let tid: UInt32
    let name: [UInt8]
    let pendingSignals: UInt64
    let allowedProcessors: String
    let seccompFilters: UInt64
    /// Scheduling policy of sched(7), and nice value.
    let policy: Int
    let nice: Int
    /// Class and level of ioprio_set(2); 0 is none of its own.
    let ioPriority: CInt
    /// PR_SET_TIMERSLACK, in nanoseconds.
    let timerSlack: UInt64
    /// Whether it has the process's table of descriptors, and its root, working directory and umask.
    let sharesDescriptors: Bool
    let sharesDirectories: Bool
    let schedule: TracedThread.Schedule
    /// What the kernel says of speculation, in words.
    let speculation: [String]

    /// - Parameter pid: the process, in this one's pid namespace, as `tid`.
    init(_ tid: CInt, of pid: CInt) throws(Errno) {
        let status = try ProcText(of: "/proc/\(pid)/task/\(tid)/status")
        self.tid = status.innermostPID
        name = Array(try ProcText(of: "/proc/\(pid)/task/\(tid)/comm").bytes.prefix { $0 != 0x0A }.prefix(15))
        pendingSignals = status.number("SigPnd", radix: 16) ?? 0
        allowedProcessors = status.value("Cpus_allowed") ?? ""
        seccompFilters = status.number("Seccomp_filters") ?? 0
        let stat = try ProcStat(ProcText(of: "/proc/\(pid)/task/\(tid)/stat"))
        policy = Int(stat[41])
        nice = Int(Int64(bitPattern: stat[19]))
        ioPriority = try TracedThread.ioPriority(of: tid)
        timerSlack = Self.timerSlack(of: "\(tid)")
        sharesDescriptors = try TracedThread.shareDescriptors(pid, tid)
        sharesDirectories = try TracedThread.shareDirectories(pid, tid)
        schedule = try TracedThread.schedule(of: tid)
        speculation = Self.speculation(status)
    }

    /// PR_SET_SPECULATION_CTRL, of what /proc tells.
    static func speculation(_ status: ProcText) -> [String] {
        ["Speculation_Store_Bypass", "SpeculationIndirectBranch"].map { status.value($0) ?? "" }
    }

    static func timerSlack(of process: String) -> UInt64 {
        let text = try? SmallFile.text(FilePath("/proc/\(process)/timerslack_ns"))
        return text.flatMap { UInt64($0.prefix { $0 != "\n" }) } ?? 0
    }

    /// The processors it is bound to, as sched_setaffinity(2) takes them; nil when they are those of the leader.
    func processors(besides leader: ThreadTraits?) -> [UInt8]? {
        if allowedProcessors == leader?.allowedProcessors { return nil }
        return ProcessTraits.words(allowedProcessors).flatMap { withUnsafeBytes(of: $0, Array.init) }
    }

    var description: String { "thread \(tid) (\(String(decoding: name, as: UTF8.self)))" }
}

/// The numbered fields of a stat file, see proc(5).
struct ProcStat {
    private let fields: [UInt64]

    init(_ text: ProcText) {
        let after = text.bytes.lastIndex(of: UInt8(ascii: ")")).map { $0 + 1 } ?? text.bytes.count
        fields = String(decoding: text.bytes[after...], as: UTF8.self).split { $0 == " " || $0 == "\n" }.map {
            UInt64($0) ?? Int64($0).map(UInt64.init(bitPattern:)) ?? 0
        }
    }

    /// By proc(5)'s number, from 3 on.
    subscript(_ number: Int) -> UInt64 { fields.indices.contains(number - 3) ? fields[number - 3] : 0 }
}

extension ProcText {
    /// Of a status file: the pid in the innermost pid namespace of the process.
    var innermostPID: UInt32 { value("NSpid")?.split(separator: "\t").last.flatMap { UInt32($0) } ?? 0 }
    /// Of a status file: the signals that wait for the process, bit 0 for signal 1.
    var pendingSignals: UInt64 { number("ShdPnd", radix: 16) ?? 0 }
}

/// What /proc tells of a whole process.
struct ProcessTraits {
    let threads: [ThreadTraits]
    let pendingSignals: UInt64
    /// Of the signals 1 to 64, those whose disposition is not the default.
    let changedSignals: [UInt64]
    let fileModeMask: UInt32
    let executable: String
    let workingDirectory: String
    let stat: ProcStat
    let auxiliaryVector: [UInt8]
    let limits: [(soft: UInt64, hard: UInt64)]
    let personality: UInt64
    let timers: [PosixTimer]
    /// proc_pid_coredump_filter(5) and proc_pid_oom_score_adj(5); nil when they are as the engine's own, or 0.
    let coredumpFilter: UInt32?
    let outOfMemoryScore: UInt32?
    /// A bit for each processor that it is bound to; nil when it may run where the engine may.
    let processors: [UInt64]?
    private let status: ProcText

    /// RLIM_NLIMITS
    private static let resources = 16

    init(_ process: ProcessAccess, threads tids: [CInt]) throws(Errno) {
        let pid = process.pid
        status = try ProcText(of: "/proc/\(pid)/status")
        var threads: [ThreadTraits] = []
        for tid in tids { threads.append(try ThreadTraits(tid, of: pid)) }
        self.threads = threads
        pendingSignals = status.pendingSignals
        let changed = (status.number("SigCgt", radix: 16) ?? 0) | (status.number("SigIgn", radix: 16) ?? 0)
        changedSignals = (1...64).filter { changed >> ($0 - 1) & 1 != 0 }
        fileModeMask = UInt32(status.number("Umask", radix: 8) ?? 0)
        executable = FileStatus.symlinkContent(FilePath("/proc/\(pid)/exe"))?.string ?? ""
        workingDirectory = FileStatus.symlinkContent(FilePath("/proc/\(pid)/cwd"))?.string ?? ""
        stat = ProcStat(try ProcText(of: "/proc/\(pid)/stat"))
        auxiliaryVector = try SmallFile.bytes(FilePath("/proc/\(pid)/auxv"))
        limits = try process.limits()
        // What this kernel says otherwise than all others, no clone may lack.
        guard limits.count == Self.resources else { throw .invalidArgument }
        let personalityText = try SmallFile.text(FilePath("/proc/\(pid)/personality"))
        personality = UInt64(personalityText.prefix { $0 != "\n" }, radix: 16) ?? 0
        let coredumpFilter = Self.coredumpFilter(of: "\(pid)")
        self.coredumpFilter = coredumpFilter == Self.coredumpFilter(of: "self") ? nil : coredumpFilter
        // Below 0 only root can put it.
        let score = try SmallFile.text(FilePath("/proc/\(pid)/oom_score_adj")).prefix { $0 != "\n" }
        outOfMemoryScore = UInt32(score).flatMap { $0 > UInt32(THAW_OOM_SCORE) ? $0 : nil }
        let usual = try ProcText(of: "/proc/self/status").value("Cpus_allowed")
        let allowed = threads.first?.allowedProcessors
        processors = allowed == usual ? nil : allowed.map(Self.words)
        timers = try PosixTimer.all(of: pid, threads: Array(zip(tids, threads.map(\.tid))))
    }

    /// "00000001,00000003": groups of 32, the last first.
    static func words(_ mask: String) -> [UInt64] {
        let groups = mask.split(separator: ",").reversed().map { UInt64($0, radix: 16) ?? 0 }
        return stride(from: 0, to: groups.count, by: 2).map {
            groups[$0] | ($0 + 1 < groups.count ? groups[$0 + 1] << 32 : 0)
        }
    }

    static func coredumpFilter(of process: String) -> UInt32? {
        let text = try? SmallFile.text(FilePath("/proc/\(process)/coredump_filter"))
        return text.flatMap { UInt32($0.prefix { $0 != "\n" }, radix: 16) }
    }

    /// What of these no clone could have.
    /// - Parameter isClone: a clone has what its template had.
    func refuse(isClone: Bool, into refusals: inout Refusals) {
        refuseThreads(into: &refusals)
        let pending = threads.reduce(pendingSignals) { $0 | $1.pendingSignals }
        for signal in 1...64 where pending >> (signal - 1) & 1 != 0 {
            refusals.add(
                "signal \(signal) waits to be handled", "unblock it or wait for it before the snapshot",
                patience: .moment)
        }
        if personality != 0 {
            refusals.add(
                "the runtime runs with personality 0x\(String(personality, radix: 16))", "start it without setarch")
        }
        if status.value("THP_enabled") == "0", !(isClone && HugePages.setting == .always) {
            refusals.add("the runtime has turned off huge pages", "do not use PR_SET_THP_DISABLE")
        }
        if let mask = status.value("untag_mask"), mask != "0xffffffffffffffff" {
            refusals.add("the runtime keeps data in addresses (LAM)", "do not use ARCH_ENABLE_TAGGED_ADDR")
        }
        if let features = status.value("x86_Thread_features"), !features.isEmpty {
            refusals.add(
                "the runtime uses the CPU's \(features)", "start it with GLIBC_TUNABLES=glibc.cpu.x86_shstk=off")
        }
        // Those of the engine itself were inherited, and one is the sandbox's own.
        let expected = ((try? ProcText(of: "/proc/self/status"))?.number("Seccomp_filters") ?? 0) + 1
        if threads.contains(where: { $0.seccompFilters > expected }) {
            refusals.add(
                "the runtime has installed a seccomp filter of its own", "do not install one before the snapshot")
        }
        for (path, what) in [(executable, "program"), (workingDirectory, "working directory")]
        where !path.hasPrefix("/") || path.hasSuffix(" (deleted)") {
            refusals.add("the runtime's \(what), \(path), has been deleted", "keep it")
        }
    }

    private func refuseThreads(into refusals: inout Refusals) {
        // What the engine's own threads have, the sandbox's have inherited.
        let usualSlack = ThreadTraits.timerSlack(of: "self")
        let usualSchedule = try? TracedThread.schedule(of: 0)
        let usualSpeculation = (try? ProcText(of: "/proc/self/status")).map(ThreadTraits.speculation)
        if let processors, processors.count > ImageLimit.processorWords {
            refusals.add("the runtime is bound to some processors of very many", "do not use sched_setaffinity")
        }
        for thread in threads {
            if thread.policy != 0 {
                refusals.add(
                    "\(thread.description) has a scheduling policy of its own", "leave it with the default, SCHED_OTHER"
                )
            }
            if thread.nice != threads[0].nice {
                refusals.add("\(thread.description) has a nice value of its own", "leave it with the process's")
            }
            if !thread.sharesDescriptors {
                refusals.add("\(thread.description) has a table of descriptors of its own", "start it with CLONE_FILES")
            }
            if !thread.sharesDirectories {
                refusals.add("\(thread.description) has a working directory of its own", "start it with CLONE_FS")
            }
            if thread.ioPriority != 0 {
                refusals.add("\(thread.description) has an I/O priority of its own", "do not use ioprio_set")
            }
            if thread.timerSlack != usualSlack {
                refusals.add(
                    "\(thread.description) has a timer slack of \(thread.timerSlack) ns", "do not use PR_SET_TIMERSLACK"
                )
            }
            if thread.policy == 0, thread.schedule != usualSchedule {
                refusals.add(
                    "\(thread.description) has scheduling attributes of its own", "do not use sched_setattr")
            }
            if thread.speculation != usualSpeculation {
                refusals.add(
                    "\(thread.description) has speculation under its own control",
                    "do not use PR_SET_SPECULATION_CTRL")
            }
        }
    }
}
