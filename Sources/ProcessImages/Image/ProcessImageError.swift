import SystemPackage

/// Why a process image cannot be used.
package enum ProcessImageError: Error, Sendable, Equatable, CustomStringConvertible {
    /// `file` of the image is not what it must be.
    case invalid(file: String, reason: String)
    case system(operation: String, path: FilePath, Errno)

    package var description: String {
        switch self {
        case .invalid(let file, let reason): "the process image cannot be used: \(file): \(reason)"
        case .system(let operation, let path, let code): "cannot \(operation) \(path): \(code)"
        }
    }
}

/// The names of an image's files.
package enum ImageFile {
    package static let state = "state"
    package static let memory = "memory"
    package static let base = "base"
}

/// What an image may hold at most.
enum ImageLimit {
    /// The room that the restorer has for it in every clone.
    static let stateSize = 256 << 20
    static let memorySize: UInt64 = 1 << 40
    /// Each has a stack in the window.
    static let threads = 4096
    /// vm.max_map_count is 65,530 unless someone raised it.
    static let mappings = 1 << 20
    static let descriptorNumber: Int32 = 1 << 20
    /// A number of inotify's.
    static let fileWatch: Int32 = 1 << 12
    static let pid: UInt32 = 1 << 22
    /// Of /tmp, each with its name or its names; and inode numbers that are left out before one.
    static let nodes = 1 << 12
    static let gap: UInt32 = 1 << 16
    /// Each is held open while a clone is made.
    static let objects = 1 << 12
    static let fileSize: UInt64 = 1 << 40
    /// Of 64 processors each.
    static let processorWords = 16
    /// A bit of a word each, in the restorer.
    static let processes = 64
    static let pipeCapacity: UInt64 = 1 << 20
    /// Addresses of programs: below the kernel's hole, above what nobody can map.
    static let addresses: Range<UInt64> = 0x1000..<0x7FFF_FFFF_F000
}
