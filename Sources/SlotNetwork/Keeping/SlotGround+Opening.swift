internal import Basics
internal import LinuxKit
internal import Logging
internal import SystemPackage

extension SlotGround {
    /// What a server starts with.
    struct Opened {
        var ground: SlotGround
        var lock: FileLock
        /// Indices of the slots that are there already, ascending.
        var found: [Int] = []
        /// What dead servers left and this one cannot use.
        var leftovers: [NamespaceKeep] = []
    }

    /// The right to a server's slots; nil while another process has it.
    static func takeLock(in directory: FilePath) throws(NetworkError) -> FileLock? {
        let path = directory.appending("lock")
        return try rethrowing(try FileLock.take(path)) { NetworkError("lock \(path)", $0) }
    }

    /// Removes the directory of slots that are gone, by the holder of the lock in it; also the instance's, `directories/INSTANCE`,
    /// when nothing else is in it.
    static func removeDirectory(_ directory: FilePath, in directories: FilePath = SlotConfiguration.directories) {
        try? Directory.removeTree(directory)
        let instance = directory.removingLastComponent()
        if instance.removingLastComponent() == directories { try? Directory.remove(instance) }
    }

    /// Takes over or makes anew, once it is proved that packets pass slots here. On failure nothing is left but what was there before.
    /// Blocks.
    static func open(
        _ configuration: SlotConfiguration, host: SharedDescriptor, logger: Logger
    ) throws(SlotError) -> Opened {
        let directory = configuration.directory
        let free = try rethrowing(try makeAndLock(directory), as: SlotError.host)
        guard let lock = free else { throw .inUse(directory) }
        let haste = KernelHaste(directory: directory)
        haste.begin()
        let outcome = Result { () throws(SlotError) in
            _ = try SlotProbe.run(configuration)
            return try rethrowing(
                try open(configuration, host: host, holding: lock, logger: logger), as: SlotError.host)
        }
        haste.end()
        do {
            let opened = try outcome.get()
            if let failure = opened.ground.tunnelFailure {
                TunnelMaking.warn(of: failure, port: configuration.tunnelPort, logger)
            }
            return opened
        } catch {
            if (try? NamespaceKeep.retired(in: directory).isEmpty) ?? false { removeDirectory(directory) }
            throw error
        }
    }

    private static func makeAndLock(_ directory: FilePath) throws(NetworkError) -> FileLock? {
        try rethrowing(try DurableFile.makeDirectory(directory)) { NetworkError("make \(directory)", $0) }
        return try takeLock(in: directory)
    }

    private static func open(
        _ configuration: SlotConfiguration, host: SharedDescriptor, holding lock: FileLock, logger: Logger
    ) throws(NetworkError) -> Opened {
        let directory = configuration.directory
        do {
            if let ground = try adopt(configuration, host: host, logger: logger) {
                let found = try ground.findSlots()
                logger.notice("network slots are taken over", metadata: ["count": "\(found.count)"])
                return Opened(
                    ground: ground, lock: lock, found: found, leftovers: try NamespaceKeep.retired(in: directory))
            }
        } catch {
            logger.warning("network slots cannot be taken over", metadata: ["error": "\(error)"])
        }
        try NamespaceKeep.retire(in: directory)
        let leftovers = try NamespaceKeep.retired(in: directory)
        for leftover in leftovers { leftover.releasePort() }
        return Opened(
            ground: try make(configuration, host: host, logger: logger), lock: lock, leftovers: leftovers)
    }
}
