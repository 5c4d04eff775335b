import CProcessImage

/// The processes of a tree, beside the first one.
extension StateCheck {
    /// What an image may have as the first process's, or as another's.
    func checkPlace() throws(ProcessImageError) {
        let isFirst = first == nil
        try StateReader.require(
            processes.isEmpty == (header.shelf == 0) && 0...ImageLimit.descriptorNumber ~= header.shelf,
            "its shelf begins at \(header.shelf)")
        try StateReader.require(
            isFirst
                || processes.isEmpty && nodes.isEmpty && names.isEmpty && objects.isEmpty && extents.isEmpty
                    && locks.isEmpty && options.isEmpty && fileWatches.isEmpty,
            "a process beside the first has what is the first one's to have")
        if let first {
            try StateReader.require(header.window == first.window, "two processes have different windows")
        }
        for descriptor in descriptors {
            try StateReader.require(
                (descriptor.kind == THAW_FD_INHERITED.rawValue) != isFirst,
                "fd \(descriptor.number) is not inherited, or of a process that inherits nothing")
        }
    }

    /// How many objects mappings can be of.
    var objectCount: UInt64 { first?.objects.count ?? UInt64(objects.count) }

    /// All processes, once each is known to be good by itself.
    func checkTree() throws(ProcessImageError) {
        let pids = processes.map(\.pid)
        let leader = threads.first?.tid ?? 0
        var ids = Set(threads.map(\.tid) + children.map(\.pid))
        for (index, process) in processes.enumerated() {
            let name = "process \(process.pid)"
            try StateReader.require(
                process.image % UInt64(StateWriter.alignment) == 0 && others[index].pid == process.pid,
                "\(name) has the image of another")
            for id in others[index].ids {
                try StateReader.require(ids.insert(id).inserted, "two processes have the id \(id)")
            }
            try StateReader.require(others[index].descriptorsEnd <= header.shelf, "\(name) has too high descriptors")
            try StateReader.require(
                Int(process.parent) <= index && isMadeAfterItsParent(index), "\(name) comes before its parent")
            let leads = [0, THAW_LEADS_GROUP.rawValue, THAW_LEADS_SESSION.rawValue]
            try StateReader.require(
                leads.contains(process.leads)
                    && (process.group == 0
                        || process.leads == 0
                            && ([leader] + pids.prefix(index)).contains(process.group)),
                "\(name) is in no group that there is")
        }
        try checkInherited()
    }

    /// Its parent is the process before it, or one that this descends from.
    private func isMadeAfterItsParent(_ index: Int) -> Bool {
        var ancestor = index
        while ancestor > 0 {
            if ancestor == Int(processes[index].parent) { return true }
            ancestor = Int(processes[ancestor - 1].parent)
        }
        return processes[index].parent == 0
    }

    /// What others inherit the first has, and what epolls among that watch can be watched.
    private func checkInherited() throws(ProcessImageError) {
        let kinds = kindsOfDescriptors()
        for other in others {
            for (number, source) in other.inherited {
                try StateReader.require(
                    Int32(exactly: source).flatMap { kinds[$0] } != nil,
                    "fd \(number) of process \(other.pid) is inherited from fd \(source)")
            }
            func kind(_ number: Int32) -> UInt32? {
                other.inherited[number].flatMap { Int32(exactly: $0) }.flatMap { kinds[$0] }
            }
            for watch in other.watches { try check(watch, of: kind) }
        }
    }

    /// By number, of the open file.
    func kindsOfDescriptors() -> [Int32: UInt32] {
        var kinds: [Int32: UInt32] = [:]
        for descriptor in descriptors {
            let original =
                descriptor.kind == THAW_FD_SAME.rawValue ? descriptors[Int(descriptor.a)] : descriptor
            kinds[descriptor.number] = original.kind
        }
        return kinds
    }
}
