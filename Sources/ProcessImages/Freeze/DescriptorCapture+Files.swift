import CProcessImage
import Glibc
import LinuxKit
import SystemPackage

/// Files by name, and files whose name is gone.
extension DescriptorCapture {
    private static let harmlessDevices: Set<String> = [
        "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom",
    ]

    mutating func takeFile(_ descriptor: OpenDescriptor) throws(Errno) {
        let status = try FileStatus.of(descriptor.path)
        let locks = FileLockLine.all(in: descriptor.info)
        let isOwn = descriptor.link.hasPrefix(ScratchTree.place + "/") || descriptor.link.hasPrefix("/memfd:")
        if locks.contains(where: \.isLease) || !locks.isEmpty && !isOwn {
            // Not looked at any further: to open it would break a lease.
            return refuseLock(of: descriptor)
        }
        if descriptor.holder.index > 0, !locks.isEmpty { return refuseLock(of: descriptor) }
        takeLocks(locks, of: descriptor, status)
        switch status.kind {
        case .regular, .directory: takeNamed(descriptor, status)
        case .characterDevice where Self.harmlessDevices.contains(descriptor.link): addPath(descriptor)
        case .characterDevice where descriptor.link.hasPrefix("/dev/pts/") || descriptor.link == "/dev/tty":
            refuse(descriptor, "is a terminal, \(descriptor.link)")
        case .characterDevice, .blockDevice: refuse(descriptor, "is a device, \(descriptor.link)")
        case .pipe: refuse(descriptor, "is a named pipe, \(descriptor.link)")
        case .socket, .symlink, .other: refuse(descriptor, "is \(descriptor.link), which cannot be cloned")
        }
    }

    private mutating func takeNamed(_ descriptor: OpenDescriptor, _ status: FileStatus) {
        if descriptor.link.hasPrefix(Self.memory) { return takeObject(descriptor, THAW_OBJECT_MEMORY) }
        if status.links == 0 {
            guard status.kind == .regular, descriptor.link.hasPrefix("/tmp/") else {
                return refuse(descriptor, "is a deleted file outside of /tmp, \(descriptor.link)")
            }
            return takeObject(descriptor, THAW_OBJECT_FILE)
        }
        let named = try? FileStatus.of(FilePath("/proc/\(target.pid)/root\(descriptor.link)"), following: false)
        guard let named, named.inode == status.inode, named.device == status.device else {
            return refuse(descriptor, "is \(descriptor.link), where another file is now")
        }
        addPath(descriptor)
    }

    private mutating func addPath(_ descriptor: OpenDescriptor) {
        let path = table.text(descriptor.link)
        add(descriptor, THAW_FD_PATH) {
            $0.path = path
            $0.position = descriptor.position
        }
    }

    static let memory = "/memfd:"

    private mutating func takeObject(_ descriptor: OpenDescriptor, _ kind: thaw_object_kind) {
        let object: UInt64
        do {
            object = try files.object(at: descriptor.path, kind, named: Self.memoryName(descriptor.link), &table)
        } catch {
            let what = kind == THAW_OBJECT_MEMORY ? "memfd" : "deleted file"
            return refuse(descriptor, "is a \(what) \(error.text), \(descriptor.link)")
        }
        add(descriptor, THAW_FD_OBJECT) {
            $0.a = object
            $0.position = descriptor.position
        }
    }

    /// Of what /proc calls "/memfd:NAME (deleted)"; of shared memory without a name none.
    static func memoryName(_ link: String) -> String {
        guard link.hasPrefix(memory) else { return "" }
        let name = link.dropFirst(memory.count)
        let mark = " (deleted)"
        return String(name.hasSuffix(mark) ? name.dropLast(mark.count) : name)
    }

    // MARK: - Locks

    /// Those of a process are told of each descriptor of the file: one that may lock so again is found when all are known.
    private mutating func takeLocks(_ locks: [FileLockLine], of descriptor: OpenDescriptor, _ status: FileStatus) {
        for line in locks {
            guard let kind = line.kind else { continue }
            let lock = thaw_lock(
                number: descriptor.number, kind: kind, is_exclusive: line.isExclusive ? 1 : 0, reserved: 0,
                start: line.start, length: line.length)
            guard kind == THAW_LOCK_POSIX.rawValue else {
                files.locks.append(lock)
                continue
            }
            let key = ProcessLock(file: FileCapture.FileIdentity(status), line: line)
            let needed = line.isExclusive ? O_WRONLY : O_RDONLY
            let may = [O_RDWR, needed].contains(descriptor.accessMode)
            if may || processLocks[key] == nil { processLocks[key] = lock }
        }
    }

    mutating func finishLocks() {
        files.locks += processLocks.values.sorted { ($0.number, $0.start) < ($1.number, $1.start) }
    }
}

/// A lock that belongs to the process, fcntl(2), F_SETLK.
struct ProcessLock: Hashable {
    let file: FileCapture.FileIdentity
    let line: FileLockLine
}
