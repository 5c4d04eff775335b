import Glibc
package import SystemPackage

/// Sockets between a virtual machine and its host: AF_VSOCK, vsock(7).
package enum VirtualSocket {
    private static let family: UInt16 = 40
    /// VMADDR_CID_HOST.
    private static let host: UInt32 = 2

    /// Connects to a port of the host and waits for it, 2 s at most; the connection is nonblocking.
    package static func connect(toHostPort port: UInt32) throws(Errno) -> OwnedDescriptor {
        let connection = try OwnedDescriptor { socket(CInt(family), OwnedDescriptor.streamType | O_CLOEXEC, 0) }
        // struct sockaddr_vm: family, reserved, port, context, and four bytes that are zero.
        let address: [UInt32] = [UInt32(family), port, host, 0]
        try connection.withRaw { raw throws(Errno) in
            let result = address.withUnsafeBytes { bytes in
                bytes.withMemoryRebound(to: sockaddr.self) {
                    Glibc.connect(raw, $0.baseAddress, socklen_t(bytes.count))
                }
            }
            if result != 0 { throw Errno(rawValue: errno) }
        }
        try connection.setNonblocking()
        return connection
    }
}
