import CProcessImage

extension StateCheck {
    mutating func checkThreads() throws(ProcessImageError) {
        try StateReader.require(!threads.isEmpty, "it has no threads")
        var tids: Set<UInt32> = []
        for thread in threads {
            // Process 1 is the sandbox's own.
            try StateReader.require(
                2..<ImageLimit.pid ~= thread.tid, "a thread has the number \(thread.tid)")
            try StateReader.require(tids.insert(thread.tid).inserted, "two threads have the number \(thread.tid)")
            let name = elements(of: thread.name, as: UInt8.self)
            try StateReader.require(
                thread.name_length < UInt32(name.count) && name[Int(thread.name_length)...].allSatisfy { $0 == 0 },
                "the name of thread \(thread.tid) does not end")
            try StateReader.require(
                thread.memory_failures <= 2, "thread \(thread.tid) takes memory failures by \(thread.memory_failures)")
            try checkProcessors(of: thread)
            try checkPlaces(of: thread)
            try checkFrame(of: thread)
        }
    }

    private func checkProcessors(of thread: thaw_thread) throws(ProcessImageError) {
        guard thread.processors_size != 0 else { return }
        let name = "the processors of thread \(thread.tid)"
        let bytes = try bytes.blob(at: thread.processors, UInt64(thread.processors_size), name)
        try StateReader.require(
            bytes.count % 8 == 0 && bytes.count <= ImageLimit.processorWords * 8 && bytes.contains { $0 != 0 },
            "\(name) are none")
    }

    /// Ended children, none of which has the number of a thread.
    func checkChildren() throws(ProcessImageError) {
        let tids = Set(threads.map(\.tid))
        var last: UInt32 = 1
        for child in children {
            try StateReader.require(
                last < child.pid && child.pid < ImageLimit.pid && !tids.contains(child.pid),
                "a child has the number \(child.pid)")
            last = child.pid
            let signal = child.status & 0x7F
            try StateReader.require(
                child.status <= 0xFFFF && signal <= 64 && (signal == 0 || child.status >> 8 == 0),
                "child \(child.pid) ended with \(hex(UInt64(child.status)))")
        }
    }

    private func checkPlaces(of thread: thaw_thread) throws(ProcessImageError) {
        for place in [thread.fs_base, thread.gs_base, thread.robust_list, thread.clear_child_tid] {
            try StateReader.require(isAddress(place), "thread \(thread.tid) uses \(hex(place))")
        }
        try StateReader.require(
            thread.robust_list_size == (thread.robust_list == 0 ? 0 : 24),
            "the robust list of thread \(thread.tid) has \(thread.robust_list_size) bytes")
        guard thread.rseq != 0 else { return }
        // The kernel writes there whenever the thread runs.
        try StateReader.require(
            thread.rseq % 32 == 0 && isAddress(thread.rseq) && 32...4096 ~= thread.rseq_size
                && !window.contains(thread.rseq), "the rseq area of thread \(thread.tid) is at \(hex(thread.rseq))")
    }

    /// What rt_sigreturn(2) reads: a frame it refuses would kill the clone before its first instruction.
    private mutating func checkFrame(of thread: thaw_thread) throws(ProcessImageError) {
        let name = "the signal frame of thread \(thread.tid)"
        let alignment = UInt64(StateWriter.alignment)
        let frame = try reader.range(thread.frame, UInt64(SignalFrame.size), name)
        try StateReader.require(thread.frame % alignment == 0, "\(name) is not aligned")
        parts.append(frame)
        func word(_ place: Int) throws(ProcessImageError) -> UInt64 {
            try reader.load(UInt64.self, at: thread.frame + UInt64(place), name)
        }
        let flags = try word(SignalFrame.flags)
        let link = try word(SignalFrame.link)
        try StateReader.require(flags == SignalFrame.wantedFlags && link == 0, "\(name) has unknown flags")
        try StateReader.require(
            try word(SignalFrame.segments) == SignalFrame.userSegments, "\(name) is not of a 64-bit program")
        let instruction = try word(SignalFrame.instructionPointer)
        let stack = try word(SignalFrame.stackPointer)
        try StateReader.require(
            ImageLimit.addresses.contains(instruction) && isAddress(stack) && !window.contains(instruction)
                && !window.contains(stack), "\(name) goes on at \(hex(instruction)) with its stack at \(hex(stack))")
        try StateReader.require(
            try word(SignalFrame.processorFlags) & ~SignalFrame.programFlags == 0,
            "\(name) sets flags that no program may")
        try checkAlternateStack(
            address: word(SignalFrame.stackAddress), flags: word(SignalFrame.stackFlags),
            size: word(SignalFrame.stackSize), name)
        let place = header.window + THAW_WINDOW_STATE
        let pointer = try word(SignalFrame.extendedState)
        try StateReader.require(
            pointer >= place && (pointer - place) % alignment == 0, "\(name) has its extended state at \(hex(pointer))")
        try checkExtendedState(at: pointer - place, "the extended state of thread \(thread.tid)")
    }

    private func checkAlternateStack(
        address: UInt64, flags: UInt64, size: UInt64, _ name: String
    ) throws(ProcessImageError) {
        let disabled: UInt64 = 2
        let disarmed: UInt64 = 1 << 31
        let (end, overflow) = address.addingReportingOverflow(size)
        try StateReader.require(
            [0, disabled, disarmed, disarmed | disabled].contains(flags) && !overflow && isAddress(end),
            "\(name) has an impossible alternate stack")
    }

    /// What the XRSTOR instruction refuses, and what the kernel checks before it.
    private mutating func checkExtendedState(at offset: UInt64, _ name: String) throws(ProcessImageError) {
        let size = layout.size + ExtendedStateLayout.secondMagicSize
        parts.append(try reader.range(offset, UInt64(size), name))
        func load<Word: FixedWidthInteger & BitwiseCopyable>(_ type: Word.Type, _ place: Int) throws(ProcessImageError)
            -> Word
        {
            try reader.load(type, at: offset + UInt64(place), name)
        }
        let software = ExtendedStateLayout.softwareBytes
        let found: [UInt64] = [
            UInt64(try load(UInt32.self, software)), UInt64(try load(UInt32.self, software + 4)),
            try load(UInt64.self, software + 8), UInt64(try load(UInt32.self, software + 16)),
            UInt64(try load(UInt32.self, layout.size)),
        ]
        let wanted: [UInt64] = [
            UInt64(ExtendedStateLayout.firstMagic), UInt64(size), layout.features, UInt64(layout.size),
            UInt64(ExtendedStateLayout.secondMagic),
        ]
        try StateReader.require(found == wanted, "\(name) is not as this host has it")
        try StateReader.require(
            try load(UInt32.self, ExtendedStateLayout.controlWord) & ~ExtendedStateLayout.controlWordMask == 0,
            "\(name) has an impossible MXCSR")
        try StateReader.require(
            try load(UInt64.self, ExtendedStateLayout.inUse) & ~layout.features == 0,
            "\(name) has registers that this host does not")
        for place in stride(
            from: ExtendedStateLayout.compaction,
            to: ExtendedStateLayout.legacySize + ExtendedStateLayout.headerSize, by: 8)
        {
            try StateReader.require(try load(UInt64.self, place) == 0, "\(name) is not in the standard format")
        }
    }
}
