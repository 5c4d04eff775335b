import CProcessImage
import Glibc
import LinuxKit
import SystemPackage

/// Files by name, and files whose name is gone.
extension DescriptorCapture {
    private static let harmlessDevices: Set<String> = [
        "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom",
    ]
    /// Of one unnamed file, and of all together: the state has to fit into its place in a clone.
    private static let largestDeletedFile: Int64 = 64 << 20
    private static let roomForContents = 192 << 20

    mutating func takeFile(_ descriptor: OpenDescriptor) throws(Errno) {
        let status = try FileStatus.of(FilePath("/proc/\(process.pid)/fd/\(descriptor.number)"))
        if descriptor.info.value("lock") != nil {
            // Not looked at any further: to open it would break a lease.
            return refuse(
                descriptor, "(\(descriptor.link)) holds a file lock", "release it in a before-snapshot hook")
        }
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
        if descriptor.link.hasPrefix("/memfd:") {
            return refuse(descriptor, "is a memfd, \(descriptor.link.dropFirst())")
        }
        if status.links == 0 {
            guard status.kind == .regular, descriptor.link.hasPrefix("/tmp/") else {
                return refuse(descriptor, "is a deleted file outside of /tmp, \(descriptor.link)")
            }
            return takeDeleted(descriptor, status)
        }
        let named = try? FileStatus.of(FilePath("/proc/\(process.pid)/root\(descriptor.link)"), following: false)
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

    private mutating func takeDeleted(_ descriptor: OpenDescriptor, _ status: FileStatus) {
        guard status.size <= Self.largestDeletedFile, table.bytes.count + Int(status.size) <= Self.roomForContents
        else {
            return refuse(descriptor, "is a deleted file of \(status.size >> 20) MiB, \(descriptor.link)")
        }
        guard deletedFiles.insert(status.inode).inserted else {
            return refuse(descriptor, "is a deleted file that is opened twice, \(descriptor.link)")
        }
        let content: [UInt8]
        do {
            // Opened anew: the descriptor itself may be for writing only.
            let path = FilePath("/proc/\(process.pid)/fd/\(descriptor.number)")
            content = try OwnedDescriptor.open(path, .readOnly).readAll(limit: Int(Self.largestDeletedFile))
        } catch {
            return refuse(descriptor, "is a deleted file that cannot be read (\(error)), \(descriptor.link)")
        }
        let place = content.isEmpty ? 0 : table.blob(content)
        add(descriptor, THAW_FD_DELETED) {
            $0.path = place
            $0.a = UInt64(content.count)
            $0.b = UInt64(status.permissions.rawValue & 0o777)
            $0.position = descriptor.position
        }
    }
}
