import CProcessImage
import Glibc

extension StateCheck {
    private static let knownFlags =
        THAW_MAPPING_GROWS_DOWN.rawValue | THAW_MAPPING_NO_RESERVE.rawValue | THAW_MAPPING_SHARED.rawValue
        | THAW_MAPPING_DONT_FORK.rawValue | THAW_MAPPING_WIPE_ON_FORK.rawValue | THAW_MAPPING_HUGE.rawValue
        | THAW_MAPPING_NO_HUGE.rawValue | THAW_MAPPING_DONT_DUMP.rawValue | THAW_MAPPING_STACK.rawValue
        | THAW_MAPPING_RANDOM.rawValue | THAW_MAPPING_SEQUENTIAL.rawValue | THAW_MAPPING_MERGEABLE.rawValue
        | THAW_MAPPING_OWN.rawValue | THAW_MAPPING_MAY_WRITE.rawValue

    func checkMappings() throws(ProcessImageError) {
        try StateReader.require(!mappings.isEmpty, "it has no mappings")
        var end: UInt64 = ImageLimit.addresses.lowerBound
        var run: UInt64 = 0
        for mapping in mappings {
            let name = "the mapping at \(hex(mapping.start))"
            try StateReader.require(
                isPageAligned(mapping.start) && isPageAligned(mapping.end) && mapping.start < mapping.end
                    && mapping.end <= ImageLimit.addresses.upperBound, "\(name) is none")
            try StateReader.require(mapping.start >= end, "\(name) overlaps the one before")
            end = mapping.end
            let range = mapping.start..<mapping.end
            try StateReader.require(
                !range.overlaps(window) && !range.overlaps(vdso), "\(name) overlaps the window or the vdso")
            try checkKind(of: mapping, name)
            try StateReader.require(
                mapping.first_run == run && mapping.runs <= UInt64(runs.count) - run,
                "\(name) does not have its own runs")
            try checkRuns(Int(run)..<Int(run + mapping.runs), in: range, name)
            run += mapping.runs
        }
        try StateReader.require(run == UInt64(runs.count), "there are runs of no mapping")
    }

    private func checkKind(of mapping: thaw_mapping, _ name: String) throws(ProcessImageError) {
        func has(_ flag: thaw_mapping_flags) -> Bool { mapping.flags & flag.rawValue != 0 }
        let all = UInt32(PROT_READ | PROT_WRITE | PROT_EXEC)
        try StateReader.require(mapping.protection & ~all == 0, "\(name) has an unknown protection")
        try StateReader.require(mapping.flags & ~Self.knownFlags == 0, "\(name) has unknown flags")
        let isOwn = has(THAW_MAPPING_OWN)
        if isOwn {
            try StateReader.require(
                has(THAW_MAPPING_SHARED) && mapping.object <= objectCount
                    && (mapping.object == 0) != (mapping.path == 0), "\(name) is of no file of its own")
        }
        try StateReader.require(isOwn || mapping.object == 0, "\(name) is of an object and not its own")
        if mapping.path == 0, !isOwn {
            try StateReader.require(
                mapping.file_offset == 0 && !has(THAW_MAPPING_SHARED), "\(name) is anonymous and yet of a file")
        } else {
            let (fileEnd, overflow) = mapping.file_offset.addingReportingOverflow(mapping.end - mapping.start)
            try StateReader.require(
                isPageAligned(mapping.file_offset) && !overflow && fileEnd < 1 << 62, "\(name) has an impossible offset"
            )
            try StateReader.require(!has(THAW_MAPPING_GROWS_DOWN), "\(name) is a stack and yet of a file")
            if mapping.object == 0 { try bytes.checkPath(at: mapping.path, name) }
        }
        if has(THAW_MAPPING_SHARED) {
            try StateReader.require(
                mapping.runs == 0
                    && (mapping.protection & UInt32(PROT_WRITE) == 0 || isOwn && has(THAW_MAPPING_MAY_WRITE)),
                "\(name) is shared and yet changed")
        }
        try StateReader.require(isOwn || !has(THAW_MAPPING_MAY_WRITE), "\(name) may be written and is not its own")
        if has(THAW_MAPPING_WIPE_ON_FORK) {
            try StateReader.require(
                mapping.path == 0 && mapping.runs == 0 && !isOwn, "\(name) comes back empty and yet has content")
        }
        try StateReader.require(
            !(has(THAW_MAPPING_HUGE) && has(THAW_MAPPING_NO_HUGE)), "\(name) wants huge pages and wants none")
        try StateReader.require(
            !(has(THAW_MAPPING_RANDOM) && has(THAW_MAPPING_SEQUENTIAL)), "\(name) is read in order and at random")
    }

    private func checkRuns(_ indices: Range<Int>, in mapping: Range<UInt64>, _ name: String) throws(ProcessImageError) {
        var end = mapping.lowerBound
        for index in indices {
            let run = runs[index]
            try StateReader.require(
                isPageAligned(run.start) && isPageAligned(run.end) && isPageAligned(run.offset) && run.start >= end
                    && run.start < run.end && run.end <= mapping.upperBound, "\(name) has a run that is not inside it")
            end = run.end
            let size: UInt64
            switch run.source {
            case UInt64(THAW_RUN_MEMORY.rawValue): size = header.memory_size
            case UInt64(THAW_RUN_BASE.rawValue): size = header.base_size
            default: throw StateReader.invalid("\(name) has a run of an unknown file")
            }
            let (fileEnd, overflow) = run.offset.addingReportingOverflow(run.end - run.start)
            try StateReader.require(!overflow && fileEnd <= size, "\(name) has a run beyond the end of its file")
        }
    }
}
