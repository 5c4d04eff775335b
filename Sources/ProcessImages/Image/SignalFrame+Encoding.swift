import LinuxKit

/// A thread's registers as rt_sigreturn(2) takes them.
struct EncodedFrame {
    let extendedState: [UInt8]
    private let context: [UInt64]

    init(_ thread: CapturedThread, layout: ExtendedStateLayout = .host) {
        extendedState = Self.extendedState(thread.extendedState, layout)
        var words = [UInt64](repeating: 0, count: SignalFrame.size / 8)
        words[SignalFrame.flags / 8] = SignalFrame.wantedFlags
        words[SignalFrame.stackAddress / 8] = thread.alternateStack.address
        words[SignalFrame.stackFlags / 8] = UInt64(thread.alternateStack.flags)
        words[SignalFrame.stackSize / 8] = thread.alternateStack.size
        for (index, value) in thread.registers.inSignalFrameOrder.enumerated() {
            words[SignalFrame.registers / 8 + index] = value
        }
        words[SignalFrame.processorFlags / 8] = SignalFrame.goingOn(thread.registers.flags)
        words[SignalFrame.segments / 8] =
            UInt64(thread.registers.codeSegment) | UInt64(thread.registers.stackSegment) << 48
        words[SignalFrame.signalMask / 8] = thread.signalMask
        context = words
    }

    /// The context, once it is known at which address the extended state will be.
    func context(extendedStateAt address: UInt64) -> [UInt8] {
        var words = context
        words[SignalFrame.extendedState / 8] = address
        return words.withUnsafeBytes(Array.init)
    }

    private static func extendedState(_ found: [UInt8], _ layout: ExtendedStateLayout) -> [UInt8] {
        var bytes = Array(found.prefix(layout.size))
        bytes += [UInt8](repeating: 0, count: layout.size - bytes.count + ExtendedStateLayout.secondMagicSize)
        bytes.withUnsafeMutableBytes { buffer in
            func put<Word: FixedWidthInteger>(_ word: Word, at place: Int) {
                buffer.storeBytes(of: word, toByteOffset: place, as: Word.self)
            }
            // struct _fpx_sw_bytes: magic1, extended_size, xfeatures, xstate_size, padding.
            let software = ExtendedStateLayout.softwareBytes
            for place in software..<ExtendedStateLayout.legacySize { buffer[place] = 0 }
            put(ExtendedStateLayout.firstMagic, at: software)
            put(UInt32(buffer.count), at: software + 4)
            put(layout.features, at: software + 8)
            put(UInt32(layout.size), at: software + 16)
            put(ExtendedStateLayout.secondMagic, at: layout.size)
        }
        return bytes
    }
}
