internal import LinuxKit
internal import SystemPackage

/// Takes slots away so that others hardly notice: a few at a time, without the kernel's long waits, and what has been taken away is
/// gone when this returns.
///
/// All at once, thousands of slots keep everybody on the host from any change of an interface for as long as it takes the kernel.
struct SlotRemoval {
    let keep: NamespaceKeep
    /// The slots' own.
    let directory: FilePath

    /// How many the kernel takes down at once, in some 0.1 s: for each bridge it waits until all callbacks of RCU have run
    /// (`br_multicast_dev_del`).
    private static func batchSize(_ layout: SlotLayout?) -> Int { layout == .bridged ? 8 : 64 }

    /// Nobody may hold a slot any more. Blocks, for 3 ms a slot of layout `direct`, 20 ms of layout `bridged`.
    /// - Parameter progress: how many are gone, of how many.
    func run(progress: (Int, Int) -> Void = { _, _ in }) throws(NetworkError) {
        let haste = KernelHaste(directory: directory)
        haste.begin()
        defer { haste.end() }
        let (slots, size) = try keep.run { () throws(NetworkError) in
            (try NamespaceKeep.slots(), Self.batchSize(KeepRecord.read()?.layout))
        }
        for start in stride(from: 0, to: slots.count, by: size) {
            let batch = slots[start..<min(start + size, slots.count)]
            try keep.run { () throws(NetworkError) in
                for slot in batch { try NamespaceKeep.release("\(slot)") }
            }
            try NetworkNamespace.waitUntilTakenDown()
            progress(batch.endIndex, slots.count)
        }
    }
}
