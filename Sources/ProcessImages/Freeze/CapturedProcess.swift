import CProcessImage
import LinuxKit

/// A process as a freeze found it: all that `state` says, but where its memory ended up.
struct CapturedProcess {
    let process: ProcessAccess
    let traits: ProcessTraits
    let inside: CapturedInside
    let mappings: [CapturedMapping]
    let vdso: VirtualDSO
    let window: UInt64
    var table: ByteTable
    let descriptors: [thaw_descriptor]
    let options: [thaw_option]
    let watches: [thaw_watch]
    let fileWatches: [thaw_file_watch]
    let files: FileCapture
    let children: [thaw_child]
    /// Whether the files are those of /tmp.
    let hasScratch: Bool
    /// Of `thaw_image`.
    let shelf: CInt

    /// The file `state`, or a part of it that is another process's.
    /// - Parameter others: the places of the other processes, with their parts.
    func state(
        memorySize: UInt64, baseSize: UInt64, _ memory: CopiedMemory, others: [(place: thaw_process, state: [UInt8])]
    ) -> [UInt8] {
        var writer = StateWriter(window: window)
        var table = table
        writer.header.memory_size = memorySize
        writer.header.base_size = baseSize
        writer.header.executable = table.text(traits.executable)
        writer.header.working_directory = table.text(traits.workingDirectory)
        fill(&writer.header)
        writer.header.threads = writer.add(
            table: zip(inside.threads, traits.threads).map { thread, traits in
                var entry = Self.entry(thread, &writer)
                if let processors = traits.processors(besides: self.traits.threads.first) {
                    entry.processors_size = UInt32(processors.count)
                    entry.processors = table.blob(processors)
                }
                return entry
            })
        writer.header.mappings = writer.add(table: mappingEntries(memory, &table))
        writer.header.runs = writer.add(table: memory.runs)
        writer.header.descriptors = writer.add(table: descriptors)
        writer.header.options = writer.add(table: options)
        writer.header.watches = writer.add(table: watches)
        writer.header.file_watches = writer.add(table: fileWatches)
        writer.header.actions = writer.add(
            table: inside.actions.map {
                thaw_action(
                    signal: $0.signal, handler: $0.handler, flags: $0.flags, restorer: $0.restorer, mask: $0.mask)
            })
        writer.header.timers = writer.add(
            table: inside.timers.map {
                thaw_timer(
                    id: $0.id, clock: $0.clock, notify: $0.notify, signal: $0.signal, sigev_value: $0.signalValue,
                    tid: $0.thread, value: $0.time.value, interval: $0.time.interval)
            })
        writer.header.children = writer.add(table: children)
        writer.header.nodes = writer.add(table: files.nodes)
        writer.header.names = writer.add(table: files.names)
        writer.header.objects = writer.add(table: files.objects)
        writer.header.extents = writer.add(table: files.extents)
        writer.header.locks = writer.add(table: files.locks)
        writer.header.shelf = shelf
        writer.header.processes = writer.add(
            table: others.map { place, state in
                var place = place
                place.image = writer.add(state)
                place.size = UInt64(state.count)
                return place
            })
        writer.header.bytes = writer.add(table: table.bytes)
        return writer.finish()
    }

    private func fill(_ header: inout thaw_image) {
        let stat = traits.stat
        header.start_code = stat[26]
        header.end_code = stat[27]
        header.start_stack = stat[28]
        header.start_data = stat[45]
        header.end_data = stat[46]
        header.start_brk = stat[47]
        header.brk = inside.dataEnd
        header.arg_start = stat[48]
        header.arg_end = stat[49]
        header.env_start = stat[50]
        header.env_end = stat[51]
        withUnsafeMutableBytes(of: &header.auxv) { buffer in
            buffer.copyBytes(from: traits.auxiliaryVector.prefix(buffer.count))
        }
        header.auxv_size = UInt32(min(traits.auxiliaryVector.count, MemoryLayout.size(ofValue: header.auxv)))
        header.mode_mask = traits.fileModeMask
        header.vvar_start = vdso.dataStart
        header.vdso_end = vdso.end
        withUnsafeMutableBytes(of: &header.limits) { buffer in
            for (entry, limit) in zip(buffer.bindMemory(to: thaw_limit.self).indices, traits.limits) {
                buffer.bindMemory(to: thaw_limit.self)[entry] = thaw_limit(soft: limit.soft, hard: limit.hard)
            }
        }
        withUnsafeMutableBytes(of: &header.interval_timers) { buffer in
            for (entry, timer) in zip(buffer.bindMemory(to: thaw_interval.self).indices, inside.intervalTimers) {
                buffer.bindMemory(to: thaw_interval.self)[entry] = thaw_interval(
                    value: timer.value, interval: timer.interval)
            }
        }
        header.nice = Int32(truncatingIfNeeded: traits.threads.first?.nice ?? 0)
        header.dumpable = inside.dumpable
        header.barriers = inside.barriers
        header.is_subreaper = inside.isSubreaper ? 1 : 0
        fillOwn(&header)
    }

    /// What a new process does not have.
    private func fillOwn(_ header: inout thaw_image) {
        if let filter = traits.coredumpFilter {
            header.own |= THAW_OWN_COREDUMP_FILTER.rawValue
            header.coredump_filter = filter
        }
        if let score = traits.outOfMemoryScore {
            header.own |= THAW_OWN_OOM_SCORE.rawValue
            header.oom_score = score
        }
        if descriptors.contains(where: { $0.kind == THAW_FD_CONNECTION.rawValue }) {
            header.own |= THAW_OWN_CONNECTIONS.rawValue
        }
        let mapsScratch = mappings.contains { mapping in
            mapping.area.isInScratch && mapping.path != nil && mapping.flags & THAW_MAPPING_OWN.rawValue == 0
        }
        if hasScratch, mapsScratch { header.own |= THAW_OWN_MAPPED_SCRATCH.rawValue }
        if let processors = traits.processors {
            header.own |= THAW_OWN_PROCESSORS.rawValue
            withUnsafeMutableBytes(of: &header.processors) { buffer in
                processors.withUnsafeBytes { buffer.copyBytes(from: $0.prefix(buffer.count)) }
            }
        }
        if inside.settings.mergesMemory { header.own |= THAW_OWN_MERGING.rawValue }
        header.write_or_execute = inside.settings.writeOrExecute
        header.permitted_features = inside.settings.permittedFeatures
    }

    private static func entry(_ thread: CapturedThread, _ writer: inout StateWriter) -> thaw_thread {
        var entry = thaw_thread()
        entry.tid = thread.tid
        entry.name_length = UInt32(thread.name.count)
        withUnsafeMutableBytes(of: &entry.name) { $0.copyBytes(from: thread.name.prefix($0.count - 1)) }
        entry.frame = writer.add(EncodedFrame(thread))
        entry.fs_base = thread.registers.fsBase
        entry.gs_base = thread.registers.gsBase
        entry.rseq = thread.restartableSequences?.address ?? 0
        entry.rseq_size = thread.restartableSequences?.size ?? 0
        entry.rseq_signature = thread.restartableSequences?.signature ?? 0
        entry.robust_list = thread.robustList?.head ?? 0
        entry.robust_list_size = thread.robustList?.size ?? 0
        entry.clear_child_tid = thread.clearChildTID
        entry.memory_failures = thread.settings.memoryFailures
        return entry
    }

    private func mappingEntries(_ memory: CopiedMemory, _ table: inout ByteTable) -> [thaw_mapping] {
        var entries: [thaw_mapping] = []
        entries.reserveCapacity(mappings.count)
        var next = 0
        for (index, mapping) in mappings.enumerated() {
            var entry = thaw_mapping()
            entry.start = mapping.area.start
            entry.end = mapping.area.end
            entry.protection = mapping.area.protection
            entry.flags = mapping.flags
            entry.object = mapping.object
            if let path = mapping.path { entry.path = table.text(path) }
            if mapping.path != nil || mapping.object != 0 { entry.file_offset = mapping.area.fileOffset }
            let runs = memory.runsOfMapping[index] ?? next..<next
            entry.first_run = UInt64(runs.lowerBound)
            entry.runs = UInt64(runs.count)
            next = runs.upperBound
            entries.append(entry)
        }
        return entries
    }
}
