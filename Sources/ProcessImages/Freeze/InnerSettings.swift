import LinuxKit
import SystemPackage

/// Settings that only a thread itself can be asked for, because nothing in /proc shows them. A kernel that does not know one has
/// never set it.
///
/// The prctl(2) and arch_prctl(2) options that are not here are told by /proc, or refused by the system call filter.
struct ProcessSettings: Equatable {
    /// Flags of PR_SET_MDWE.
    let writeOrExecute: UInt32
    /// PR_SET_MEMORY_MERGE.
    let mergesMemory: Bool
    /// ARCH_REQ_XCOMP_PERM, beyond what every program may use.
    let permittedFeatures: UInt64
    private let hasLocalDescriptors: Bool
    private let choosesTimerIDs: Bool

    init(
        scratch: UInt64, _ call: @escaping (Int, [UInt64]) throws(Errno) -> UInt64,
        read: (UInt64) throws(Errno) -> UInt64
    ) throws(Errno) {
        let asking = Asking(call: call)
        writeOrExecute = UInt32(truncatingIfNeeded: try asking.ask(.prctl, 66) ?? 0)
        mergesMemory = try asking.ask(.prctl, 68) ?? 0 != 0
        choosesTimerIDs = try asking.ask(.prctl, 77, 2) ?? 0 == 1
        // Of modify_ldt(2), 0 reads.
        hasLocalDescriptors = try asking.ask(.modifyLDT, 0, scratch, 8) ?? 0 != 0
        let getPermitted: UInt64 = 0x1022  // ARCH_GET_XCOMP_PERM
        permittedFeatures =
            try asking.ask(.archPrctl, getPermitted, scratch) != nil
            ? try read(scratch) & ExtendedStateLayout.onRequest : 0
    }

    /// What no clone could have.
    var findings: [(what: String, remedy: String)] {
        var findings: [(String, String)] = []
        if hasLocalDescriptors {
            findings.append(("has segments of its own (modify_ldt)", "do not use them before the snapshot"))
        }
        if choosesTimerIDs {
            findings.append(("chooses the numbers of its timers", "leave PR_TIMER_CREATE_RESTORE_IDS off"))
        }
        return findings
    }
}

/// The same for what each thread has of its own.
struct ThreadSettings: Equatable {
    /// PR_MCE_KILL_GET.
    let memoryFailures: UInt32
    private let securityBits: UInt64
    private let memoryPolicy: UInt64
    private let mayIdentifyProcessor: Bool
    private let flushesCache: Bool
    private let coreCookie: UInt64

    /// MPOL_DEFAULT, and those that only prefer: MPOL_PREFERRED, MPOL_LOCAL, MPOL_PREFERRED_MANY.
    private static let freePolicies: [UInt64] = [0, 1, 4, 5]
    private static let usualMemoryFailures: UInt64 = 2  // PR_MCE_KILL_DEFAULT

    init(
        scratch: UInt64, _ call: @escaping (Int, [UInt64]) throws(Errno) -> UInt64,
        read: (UInt64) throws(Errno) -> UInt64
    ) throws(Errno) {
        let asking = Asking(call: call)
        memoryFailures = UInt32(truncatingIfNeeded: try asking.ask(.prctl, 34) ?? Self.usualMemoryFailures)
        securityBits = try asking.ask(.prctl, 27) ?? 0
        memoryPolicy =
            try asking.ask(.getMemoryPolicy, scratch, 0, 0, 0, 0) != nil ? try read(scratch) & 0xFFFF_FFFF : 0
        mayIdentifyProcessor = try asking.ask(.archPrctl, 0x1011) ?? 1 == 1  // ARCH_GET_CPUID
        // PR_GET_SPECULATION_CTRL of PR_SPEC_L1D_FLUSH: by prctl(2), and on.
        flushesCache = try asking.ask(.prctl, 52, 2) ?? 0 & 3 == 3
        // PR_SCHED_CORE_GET of the thread itself.
        coreCookie = try asking.ask(.prctl, 62, 0, 0, 0, scratch) != nil ? try read(scratch) : 0
    }

    var findings: [(what: String, remedy: String)] {
        var findings: [(String, String)] = []
        if securityBits != 0 {
            findings.append(("has securebits (PR_SET_SECUREBITS, PR_SET_KEEPCAPS)", "do not set them"))
        }
        if !Self.freePolicies.contains(memoryPolicy) {
            findings.append(("has a memory policy of its own", "do not use set_mempolicy"))
        }
        if !mayIdentifyProcessor { findings.append(("may not use CPUID", "do not use ARCH_SET_CPUID")) }
        if flushesCache {
            findings.append(("flushes its cache (PR_SPEC_L1D_FLUSH)", "do not use PR_SET_SPECULATION_CTRL"))
        }
        if coreCookie != 0 { findings.append(("shares a core with few (PR_SCHED_CORE)", "do not use PR_SCHED_CORE")) }
        return findings
    }
}

/// Questions to the kernel that it may not understand.
private struct Asking {
    enum Call: Int {
        case modifyLDT = 154
        case prctl = 157
        case archPrctl = 158
        case getMemoryPolicy = 239
    }

    let call: (Int, [UInt64]) throws(Errno) -> UInt64

    /// Nil when the kernel, the processor or a filter has no such thing.
    func ask(_ number: Call, _ arguments: UInt64...) throws(Errno) -> UInt64? {
        do {
            return try call(number.rawValue, arguments)
        } catch .invalidArgument {
            return nil
        } catch .noFunction {
            return nil
        } catch .notPermitted {
            return nil
        } catch .operationNotSupportedByDevice {
            return nil
        }
    }
}
