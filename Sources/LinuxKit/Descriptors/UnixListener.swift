internal import CLinux
import Glibc
package import SystemPackage

/// Unix stream sockets that have a name.
package enum UnixListener {
    /// Listens at `path`, nonblocking. The name belongs to `user`, who may connect.
    package static func listen(
        at path: FilePath, user: UInt32, group: UInt32, backlog: CInt = 4
    ) throws(Errno) -> OwnedDescriptor {
        let listener = OwnedDescriptor(
            adopting: try shim { clinux_socket(AF_UNIX, OwnedDescriptor.streamType, 0, 1) })
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = Array(path.string.utf8)
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { throw .fileNameTooLong }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        try listener.withRaw { raw throws(Errno) in
            let bound = withUnsafeBytes(of: address) { bytes in
                bytes.withMemoryRebound(to: sockaddr.self) { bind(raw, $0.baseAddress, socklen_t(bytes.count)) }
            }
            if bound != 0 { throw Errno(rawValue: errno) }
            _ = try syscall { path.withPlatformString { chown($0, user, group) } }
            _ = try syscall { Glibc.listen(raw, backlog) }
        }
        return listener
    }
}
