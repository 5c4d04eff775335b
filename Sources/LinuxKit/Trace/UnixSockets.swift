internal import CLinux
import Glibc
package import SystemPackage

/// A Unix socket as sock_diag(7) tells of it.
package struct UnixSocketRecord: Sendable, Equatable {
    package let inode: UInt32
    /// The other end; nil when it is closed or there never was one.
    package internal(set) var peer: UInt32?
    /// Bytes that wait to be read; of a listener, connections that wait.
    package internal(set) var unread: UInt32 = 0
    /// Of a listener: how many connections may wait.
    package internal(set) var capacity: UInt32 = 0
    /// RCV_SHUTDOWN and SEND_SHUTDOWN.
    package internal(set) var shutdown: UInt8 = 0
}

/// The Unix sockets of a network namespace: NETLINK_SOCK_DIAG, which tells of peers what no other interface does.
package enum UnixSockets {
    /// By inode number, those of the calling thread's network namespace.
    package static func all() throws(Errno) -> [UInt32: UnixSocketRecord] {
        let socket = OwnedDescriptor(
            adopting: try shim { clinux_socket(AF_NETLINK, CInt(SOCK_RAW.rawValue), NETLINK_SOCK_DIAG, 0) })
        _ = try socket.write(request())
        var records: [UInt32: UnixSocketRecord] = [:]
        while true {
            let datagram = try socket.read(upTo: 65_536)
            guard !datagram.isEmpty else { throw .ioError }
            let outcome = datagram.withUnsafeBytes { bytes in
                Result { () throws(Errno) in try parse(bytes, into: &records) }
            }
            if try outcome.get() { return records }
        }
    }

    static func request() -> [UInt8] {
        let flags = NLM_F_REQUEST | NLM_F_ROOT | NLM_F_MATCH
        let length = MemoryLayout<nlmsghdr>.size + MemoryLayout<unix_diag_req>.size
        let header = nlmsghdr(
            nlmsg_len: UInt32(length), nlmsg_type: UInt16(SOCK_DIAG_BY_FAMILY), nlmsg_flags: UInt16(flags),
            nlmsg_seq: 1, nlmsg_pid: 0)
        var request = unix_diag_req()
        request.sdiag_family = UInt8(AF_UNIX)
        request.udiag_states = .max
        request.udiag_show = UInt32(UDIAG_SHOW_PEER | UDIAG_SHOW_RQLEN)
        return withUnsafeBytes(of: header, Array.init) + withUnsafeBytes(of: request, Array.init)
    }

    /// Takes in one datagram; true when it was the last.
    static func parse(
        _ datagram: UnsafeRawBufferPointer, into records: inout [UInt32: UnixSocketRecord]
    ) throws(Errno) -> Bool {
        let headerSize = MemoryLayout<nlmsghdr>.size
        var position = 0
        while datagram.count - position >= headerSize {
            let header = datagram.loadUnaligned(fromByteOffset: position, as: nlmsghdr.self)
            let length = Int(header.nlmsg_len)
            guard length >= headerSize, length <= datagram.count - position else { throw .ioError }
            let body = UnsafeRawBufferPointer(rebasing: datagram[(position + headerSize)..<(position + length)])
            switch CInt(header.nlmsg_type) {
            case NLMSG_DONE: return true
            case NLMSG_ERROR:
                guard body.count >= 4 else { throw .ioError }
                throw Errno(rawValue: -body.loadUnaligned(as: CInt.self))
            default:
                if let record = record(body) { records[record.inode] = record }
            }
            position += (length + 3) & ~3
        }
        return false
    }

    private static func record(_ body: UnsafeRawBufferPointer) -> UnixSocketRecord? {
        let fixed = MemoryLayout<unix_diag_msg>.size
        guard body.count >= fixed else { return nil }
        var record = UnixSocketRecord(inode: body.loadUnaligned(as: unix_diag_msg.self).udiag_ino)
        var position = fixed
        while body.count - position >= 4 {
            let length = Int(body.loadUnaligned(fromByteOffset: position, as: UInt16.self))
            guard length >= 4, length <= body.count - position else { return record }
            let value = UnsafeRawBufferPointer(rebasing: body[(position + 4)..<(position + length)])
            switch Int(body.loadUnaligned(fromByteOffset: position + 2, as: UInt16.self)) {
            case UNIX_DIAG_PEER where value.count >= 4:
                let peer = value.loadUnaligned(as: UInt32.self)
                record.peer = peer == 0 ? nil : peer
            case UNIX_DIAG_RQLEN where value.count >= 8:
                record.unread = value.loadUnaligned(as: UInt32.self)
                record.capacity = value.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
            case UNIX_DIAG_SHUTDOWN where value.count >= 1:
                record.shutdown = value[0]
            default: break
            }
            position += (length + 3) & ~3
        }
        return record
    }
}
