import LinuxKit

/// How this host lays out the registers beyond the general ones: the xsave area, in the standard format.
package struct ExtendedStateLayout: Sendable, Equatable {
    /// The register sets a signal frame holds, as bits of XCR0.
    let features: UInt64
    /// Bytes of the xsave area in a signal frame, without the second magic word.
    let size: Int

    /// Tile data (AMX) is left out: the kernel gives it only to those who ask (`permitted_features`), and nothing of it is frozen.
    static let onRequest: UInt64 = 1 << 18

    static let host: ExtendedStateLayout = {
        let features = Processor.enabledFeatures() & ~onRequest
        let ends = (UInt32(2)..<63).filter { features >> $0 & 1 != 0 }.map {
            Processor.extendedStateRange($0).upperBound
        }
        return ExtendedStateLayout(features: features, size: max(legacySize + headerSize, ends.max() ?? 0))
    }()

    // The places of the standard format, see the processor's manual and <asm/sigcontext.h>.
    static let legacySize = 512
    static let headerSize = 64
    package static let controlWord = 24  // MXCSR
    package static let softwareBytes = 464
    package static let inUse = 512  // XSTATE_BV
    package static let compaction = 520  // XCOMP_BV

    static let firstMagic: UInt32 = 0x4650_5853
    static let secondMagic: UInt32 = 0x4650_5845
    static let secondMagicSize = 4
    /// What MXCSR may hold on any processor.
    static let controlWordMask: UInt32 = 0xFFFF
}

/// The places of `struct ucontext` of a signal frame, and what stands in those that are always the same.
package enum SignalFrame {
    static let size = 304
    static let flags = 0
    static let link = 8
    static let stackAddress = 16
    package static let stackFlags = 24
    package static let stackSize = 32
    static let registers = 40
    package static let stackPointer = registers + 15 * 8
    package static let instructionPointer = registers + 16 * 8
    package static let processorFlags = registers + 17 * 8
    package static let segments = registers + 18 * 8
    package static let extendedState = registers + 23 * 8
    static let signalMask = 296

    /// UC_FP_XSTATE, UC_SIGCONTEXT_SS, UC_STRICT_RESTORE_SS.
    static let wantedFlags: UInt64 = 7
    /// CS and SS of 64-bit user code.
    static let userSegments: UInt64 = 0x33 | 0x2B << 48
    /// ID, AC, OF, DF, SF, ZF, AF, PF, CF, and the two that are always set. Traps, I/O privilege, virtual 8086 mode and the like
    /// are not a program's to set.
    package static let programFlags: UInt64 = 0x0024_0CD5 | 0x202

    /// EFLAGS without RF, by which the processor notes that it tries an instruction again after a fault: a clone starts it anew.
    package static func goingOn(_ flags: UInt64) -> UInt64 { flags & ~(1 << 16) }
}
