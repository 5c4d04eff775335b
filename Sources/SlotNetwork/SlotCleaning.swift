internal import LinuxKit
package import SystemPackage

/// Takes away what servers that do not run left of their slots.
package enum SlotCleaning {
    /// - Parameter progress: how many of a server's slots are gone, of how many.
    /// - Returns: the instances whose slots were taken away, and those that were left alone because their server runs. Blocks.
    package static func clean(
        in directories: FilePath = SlotConfiguration.directories, progress: (String, Int, Int) -> Void = { _, _, _ in }
    ) throws(SlotError) -> (cleaned: [String], running: [String]) {
        var (cleaned, running) = ([String](), [String]())
        for instance in ((try? Directory.entries(directories)) ?? []).sorted() {
            let directory = directories.appending(instance).appending("slots")
            guard FileStatus.exists(directory) else { continue }
            do {
                guard let lock = try SlotGround.takeLock(in: directory) else {
                    running.append(instance)
                    continue
                }
                try clean(instance, directory) { progress(instance, $0, $1) }
                SlotGround.removeDirectory(directory, in: directories)
                withExtendedLifetime(lock) {}
                cleaned.append(instance)
            } catch {
                throw .host(error)
            }
        }
        return (cleaned, running)
    }

    private static func clean(
        _ instance: String, _ directory: FilePath, progress: (Int, Int) -> Void
    ) throws(NetworkError) {
        KernelHaste(directory: directory).end()
        let leftovers = try NamespaceKeep.retired(in: directory)
        let keep = try NamespaceKeep.find(in: directory)
        var host = try NetworkNamespace.current()
        for kept in leftovers + [keep].compactMap(\.self) { host = try kept.open(HostUplink.hostName) ?? host }
        for leftover in leftovers {
            leftover.releasePort()
            try SlotRemoval(keep: leftover, directory: directory).run(progress: progress)
            try leftover.remove()
        }
        try SlotGround.remove(
            keep, HostUplink(host: host, instance: instance), from: directory, progress: progress)
    }
}
