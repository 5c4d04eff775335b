import CProcessImage
import Glibc
import LinuxKit
import SystemPackage

/// Which ends of which pipes the processes have.
struct PipeEnds {
    private var readers: [UInt64: OpenDescriptor] = [:]
    private var writers: Set<UInt64> = []
    /// Those whose content is in the table.
    private var taken: Set<UInt64> = []

    init() {}

    init(_ opened: [OpenDescriptor]) {
        for descriptor in opened where descriptor.link.hasPrefix("pipe:") {
            guard let inode = descriptor.inode else { continue }
            if descriptor.accessMode == O_RDONLY { readers[inode] = readers[inode] ?? descriptor }
            if descriptor.accessMode == O_WRONLY { writers.insert(inode) }
        }
    }

    func reader(of inode: UInt64) -> OpenDescriptor? { readers[inode] }
    func hasBothEnds(_ inode: UInt64) -> Bool { readers[inode] != nil && writers.contains(inode) }

    /// True the first time.
    mutating func takeContent(of inode: UInt64) -> Bool { taken.insert(inode).inserted }
}

extension DescriptorCapture {
    mutating func takePipe(_ descriptor: OpenDescriptor) throws(Errno) {
        guard let inode = descriptor.inode else { return refuse(descriptor, "is \(descriptor.link)") }
        let isError = inode == target.standardError
        if inode == target.standardOutput, !(isError && descriptor.ownNumber == 2) {
            return add(descriptor, THAW_FD_GIVEN_OUTPUT)
        }
        if isError { return add(descriptor, THAW_FD_GIVEN_ERROR) }
        guard descriptor.accessMode != O_RDWR else {
            return refuse(descriptor, "is a pipe opened for reading and writing at once")
        }
        let end = try descriptor.duplicate()
        if !pipes.hasBothEnds(inode), try !Self.isOtherEndClosed(end) {
            return refuse(descriptor, "is a pipe to another process")
        }
        var content: [UInt8] = []
        if pipes.takeContent(of: inode), let reader = pipes.reader(of: inode) {
            do {
                content = try reader.duplicate().pipeContent()
            } catch {
                return refuse(
                    descriptor, "is a pipe whose content cannot be read (\(error))", "empty it before the snapshot")
            }
        }
        let packets: UInt32 = 0o40000  // O_DIRECT
        if descriptor.flags & packets != 0, !content.isEmpty {
            return refuse(descriptor, "is a pipe of packets with unread ones", "read them before the snapshot")
        }
        let capacity = try end.pipeCapacity()
        let place = content.isEmpty ? 0 : table.blob(content)
        add(descriptor, THAW_FD_PIPE) {
            $0.id = inode
            $0.path = place
            $0.a = UInt64(content.count)
            $0.b = UInt64(capacity)
        }
    }

    /// Whether nobody has the other end of a pipe any more.
    private static func isOtherEndClosed(_ end: borrowing OwnedDescriptor) throws(Errno) -> Bool {
        try end.withRaw { raw throws(Errno) in
            var state = pollfd(fd: raw, events: 0, revents: 0)
            try syscall { poll(&state, 1, 0) }
            return state.revents & CShort(POLLHUP | POLLERR) != 0
        }
    }
}
