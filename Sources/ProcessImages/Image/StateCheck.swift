import CProcessImage

/// Holds the file `state` against everything that the restorer relies on, without which its work could do what no image
/// describes: overwrite itself, read outside of the file, be stopped by the kernel half-way.
///
/// What it does not judge is what the program in the image does: an image is code.
package struct StateCheck {
    let reader: StateReader
    let layout: ExtendedStateLayout
    let header: thaw_image
    let threads: StateTable<thaw_thread>
    let mappings: StateTable<thaw_mapping>
    let runs: StateTable<thaw_run>
    let descriptors: StateTable<thaw_descriptor>
    let options: StateTable<thaw_option>
    let watches: StateTable<thaw_watch>
    let fileWatches: StateTable<thaw_file_watch>
    let actions: StateTable<thaw_action>
    let timers: StateTable<thaw_timer>
    let children: StateTable<thaw_child>
    let nodes: StateTable<thaw_node>
    let names: StateTable<thaw_name>
    let objects: StateTable<thaw_object>
    let extents: StateTable<thaw_extent>
    let locks: StateTable<thaw_lock>
    let processes: StateTable<thaw_process>
    let bytes: StateBytes
    /// The header of the first process's image, whose objects these are; nil when this is that.
    let first: thaw_image?
    private(set) var others: [StateSummary] = []

    /// Parts of the file that something is read from: they may not share a byte.
    var parts: [Range<Int>]

    /// Checks all of `state`, which belongs to files `memory` and `base` of these sizes; nil: there is no `base`.
    package static func check(
        _ state: UnsafeRawBufferPointer, memorySize: UInt64, baseSize: UInt64?, layout: ExtendedStateLayout = .host
    ) throws(ProcessImageError) -> StateSummary {
        try summary(of: state, memorySize: memorySize, baseSize: baseSize, layout: layout)
    }

    /// - Parameter first: the header of the image that this one is a part of.
    private static func summary(
        of state: UnsafeRawBufferPointer, memorySize: UInt64, baseSize: UInt64?, layout: ExtendedStateLayout,
        first: thaw_image? = nil
    ) throws(ProcessImageError) -> StateSummary {
        var check = try StateCheck(state, layout, first)
        try check.checkFiles(memorySize: memorySize, baseSize: baseSize)
        try check.checkProcess()
        try check.checkThreads()
        try check.checkMappings()
        try check.checkDescriptors()
        try check.checkOptions()
        try check.checkWatches()
        try check.checkFileWatches()
        try check.checkSignals()
        try check.checkTimers()
        try check.checkChildren()
        try check.checkFiles()
        try check.checkLocks()
        try check.checkPlace()
        for process in check.processes {
            let part = try check.reader.range(process.image, process.size, "process \(process.pid)")
            check.parts.append(part)
            check.others.append(
                try summary(
                    of: UnsafeRawBufferPointer(rebasing: state[part]), memorySize: memorySize, baseSize: baseSize,
                    layout: layout, first: check.header))
        }
        try check.checkTree()
        try check.checkParts()
        return StateSummary(check)
    }

    private init(
        _ state: UnsafeRawBufferPointer, _ layout: ExtendedStateLayout, _ first: thaw_image?
    ) throws(ProcessImageError) {
        self.layout = layout
        self.first = first
        reader = StateReader(bytes: state)
        try StateReader.require(state.count <= ImageLimit.stateSize, "it has \(state.count) bytes")
        header = try reader.load(thaw_image.self, at: 0, "the header")
        try StateReader.require(header.magic == THAW_IMAGE_MAGIC, "it is no process image")
        try StateReader.require(
            header.version == THAW_IMAGE_VERSION,
            "its format is version \(header.version); this build reads \(THAW_IMAGE_VERSION)")
        try StateReader.require(
            header.header_size == UInt32(MemoryLayout<thaw_image>.size), "its header has \(header.header_size) bytes")
        try StateReader.require(
            header.size == UInt64(state.count), "it has \(state.count) bytes instead of \(header.size)")
        threads = try reader.table(header.threads, limit: ImageLimit.threads, "threads")
        mappings = try reader.table(header.mappings, limit: ImageLimit.mappings, "mappings")
        runs = try reader.table(header.runs, limit: state.count, "runs")
        descriptors = try reader.table(header.descriptors, limit: Int(ImageLimit.descriptorNumber), "descriptors")
        options = try reader.table(header.options, limit: state.count, "options")
        watches = try reader.table(header.watches, limit: state.count, "watches")
        fileWatches = try reader.table(header.file_watches, limit: state.count, "watches of files")
        actions = try reader.table(header.actions, limit: 64, "signal actions")
        timers = try reader.table(header.timers, limit: 1 << 16, "timers")
        children = try reader.table(header.children, limit: Int(ImageLimit.pid), "children")
        nodes = try reader.table(header.nodes, limit: ImageLimit.nodes, "nodes")
        names = try reader.table(header.names, limit: ImageLimit.nodes, "names")
        objects = try reader.table(header.objects, limit: ImageLimit.objects, "objects")
        extents = try reader.table(header.extents, limit: state.count, "extents")
        locks = try reader.table(header.locks, limit: state.count, "locks")
        processes = try reader.table(header.processes, limit: ImageLimit.processes, "processes")
        bytes = StateBytes(table: try reader.table(header.bytes, limit: state.count, "bytes"))
        parts = [
            0..<MemoryLayout<thaw_image>.size, threads.place, mappings.place, runs.place, descriptors.place,
            options.place, watches.place, fileWatches.place, actions.place, timers.place, children.place, nodes.place,
            names.place, objects.place, extents.place, locks.place, processes.place, bytes.table.place,
        ]
    }

    private func checkFiles(memorySize: UInt64, baseSize: UInt64?) throws(ProcessImageError) {
        let page = UInt64(MemoryCapture.pageSize)
        guard header.memory_size == memorySize, memorySize <= ImageLimit.memorySize, memorySize % page == 0 else {
            throw .invalid(
                file: ImageFile.memory, reason: "it has \(memorySize) bytes instead of \(header.memory_size)")
        }
        guard header.base_size == baseSize ?? 0, header.base_size <= ImageLimit.memorySize, header.base_size % page == 0
        else {
            throw .invalid(
                file: ImageFile.base,
                reason: baseSize.map { "it has \($0) bytes instead of \(header.base_size)" } ?? "it is missing")
        }
    }

    /// The addresses the restorer has for itself.
    var window: Range<UInt64> { header.window..<header.window + THAW_WINDOW_SIZE }
    var vdso: Range<UInt64> { header.vvar_start..<header.vdso_end }

    private func checkProcess() throws(ProcessImageError) {
        let addresses = ImageLimit.addresses
        let (windowEnd, overflow) = header.window.addingReportingOverflow(THAW_WINDOW_SIZE)
        try StateReader.require(
            header.window % THAW_WINDOW_ALIGNMENT == 0 && header.window >= 1 << 32 && !overflow
                && windowEnd <= addresses.upperBound, "its window is at \(hex(header.window))")
        try StateReader.require(
            isPageAligned(header.vvar_start) && isPageAligned(header.vdso_end) && header.vvar_start < header.vdso_end
                && addresses.contains(header.vvar_start) && header.vdso_end <= addresses.upperBound
                && header.vdso_end - header.vvar_start <= 1 << 20 && !vdso.overlaps(window),
            "its vdso is at \(hex(header.vvar_start))")
        try checkProgram()
        for limit in elements(of: header.limits, as: thaw_limit.self) {
            try StateReader.require(limit.soft <= limit.hard, "a soft limit is above its hard limit")
        }
        for timer in elements(of: header.interval_timers, as: thaw_interval.self) {
            try StateReader.require(isTime(timer.value) && isTime(timer.interval), "an interval timer is out of range")
        }
        try StateReader.require(header.mode_mask <= 0o777, "its umask is \(header.mode_mask)")
        try StateReader.require(-20...19 ~= header.nice, "its nice value is \(header.nice)")
        try StateReader.require(header.dumpable <= 2, "its dumpable flag is \(header.dumpable)")
        // MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, _PRIVATE_EXPEDITED, _SYNC_CORE, _RSEQ.
        try StateReader.require(
            header.barriers & ~0x154 == 0 && header.is_subreaper <= 1,
            "its registrations are \(hex(UInt64(header.barriers)))")
        try checkOwn()
        try StateReader.require(
            header.auxv_size <= UInt32(MemoryLayout.size(ofValue: header.auxv)) && header.auxv_size % 16 == 0,
            "its auxiliary vector has \(header.auxv_size) bytes")
    }

    /// What this process has otherwise than a new one.
    private func checkOwn() throws(ProcessImageError) {
        let own =
            THAW_OWN_COREDUMP_FILTER.rawValue | THAW_OWN_OOM_SCORE.rawValue | THAW_OWN_MERGING.rawValue
            | THAW_OWN_PROCESSORS.rawValue | THAW_OWN_CONNECTIONS.rawValue | THAW_OWN_MAPPED_SCRATCH.rawValue
        try StateReader.require(header.own & ~own == 0, "it has the unknown settings \(hex(UInt64(header.own)))")
        try StateReader.require(
            header.coredump_filter < 1 << 16 && header.oom_score <= 1000,
            "its core dump filter is \(hex(UInt64(header.coredump_filter))), its score \(header.oom_score)")
        try StateReader.require(
            header.own & THAW_OWN_PROCESSORS.rawValue == 0
                || elements(of: header.processors, as: UInt64.self).contains { $0 != 0 }, "it is bound to no processor")
        // PR_MDWE_REFUSE_EXEC_GAIN, alone or with PR_MDWE_NO_INHERIT.
        try StateReader.require(
            [0, 1, 3].contains(header.write_or_execute), "it may not write what it executes: \(header.write_or_execute)"
        )
        try StateReader.require(
            header.permitted_features & ~ExtendedStateLayout.onRequest == 0,
            "it may use the features \(hex(header.permitted_features))")
    }

    /// What PR_SET_MM_MAP is given, held to what the kernel demands.
    private func checkProgram() throws(ProcessImageError) {
        let places = [
            header.start_code, header.end_code, header.start_data, header.end_data, header.start_brk, header.brk,
            header.start_stack, header.arg_start, header.arg_end, header.env_start, header.env_end,
        ]
        for place in places {
            try StateReader.require(
                place < ImageLimit.addresses.upperBound, "a part of the program is at \(hex(place))")
        }
        for (start, end) in [
            (header.start_code, header.end_code), (header.start_data, header.end_data), (header.start_brk, header.brk),
            (header.arg_start, header.arg_end), (header.env_start, header.env_end),
        ] {
            try StateReader.require(start <= end, "a part of the program ends before it starts")
        }
        try bytes.checkPath(at: header.executable, "the program")
        try bytes.checkPath(at: header.working_directory, "the working directory")
    }

    /// No byte of the file is two things at once.
    private func checkParts() throws(ProcessImageError) {
        let ordered = parts.filter { !$0.isEmpty }.sorted { $0.lowerBound < $1.lowerBound }
        for (one, next) in zip(ordered, ordered.dropFirst()) {
            try StateReader.require(one.upperBound <= next.lowerBound, "two of its parts overlap")
        }
    }
}

// MARK: - Small questions

extension StateCheck {
    func hex(_ value: UInt64) -> String { "0x\(String(value, radix: 16))" }

    func isPageAligned(_ value: UInt64) -> Bool { value % UInt64(MemoryCapture.pageSize) == 0 }

    /// Nanoseconds that fit into a timespec with room for the clock's own time.
    func isTime(_ nanoseconds: UInt64) -> Bool { nanoseconds < 1 << 62 }

    func isAddress(_ value: UInt64) -> Bool { value < ImageLimit.addresses.upperBound }

    /// The elements of a C array, which Swift sees as a tuple.
    func elements<Tuple, Element: BitwiseCopyable>(of tuple: Tuple, as type: Element.Type) -> [Element] {
        withUnsafeBytes(of: tuple) { bytes in
            (0..<bytes.count / MemoryLayout<Element>.stride).map {
                bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Element>.stride, as: type)
            }
        }
    }
}

/// What is known of an image once it has been checked.
package struct StateSummary: Sendable {
    let window: UInt64
    let memorySize: UInt64
    let threadCount: Int
    let otherProcesses: Int
    let stackCount: Int
    let pid: UInt32
    /// The ids that its threads and its ended children have.
    let ids: [UInt32]
    /// The descriptors that it inherits.
    let inherited: [Int32: UInt64]
    let watches: [thaw_watch]
    /// One more than the highest descriptor.
    let descriptorsEnd: Int32
    let runTable: Range<Int>
    let hasBase: Bool

    init(_ check: borrowing StateCheck) {
        window = check.header.window
        memorySize = check.header.memory_size
        threadCount = check.threads.count
        otherProcesses = check.others.count
        stackCount = check.others.reduce(check.threads.count) { max($0, $1.threadCount) }
        ids = check.threads.map(\.tid) + check.children.map(\.pid)
        let inherited = check.descriptors.filter { $0.kind == THAW_FD_INHERITED.rawValue }
        self.inherited = Dictionary(uniqueKeysWithValues: inherited.map { ($0.number, $0.a) })
        watches = Array(check.watches)
        descriptorsEnd = (check.descriptors.last?.number ?? -1) + 1
        pid = check.threads.first?.tid ?? 0
        runTable = check.runs.place
        hasBase = check.header.base_size > 0
    }
}
