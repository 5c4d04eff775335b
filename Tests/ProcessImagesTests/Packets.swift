import Glibc
import LinuxKit
import SystemPackage
import TestSupport

/// SOCK_SEQPACKET with descriptors beside the bytes: unix(7).
enum Packets {
    private static let headerSize = 16  // struct cmsghdr
    private static let room = 8  // descriptors

    static func pair() throws -> (SharedDescriptor, SharedDescriptor) {
        var ends = [CInt](repeating: -1, count: 2)
        guard socketpair(AF_UNIX, CInt(SOCK_SEQPACKET.rawValue) | 0o2000000, 0, &ends) == 0 else {
            throw Errno(rawValue: errno)
        }
        return (OwnedDescriptor(adopting: ends[0]).shared(), OwnedDescriptor(adopting: ends[1]).shared())
    }

    static func send<Packet: BitwiseCopyable>(
        _ packet: Packet, _ descriptors: [SharedDescriptor], to socket: SharedDescriptor
    ) throws {
        let numbers = descriptors.map { $0.withRaw { $0 } }
        var bytes = withUnsafeBytes(of: packet, Array.init)
        var control = [UInt64](repeating: 0, count: 2 + (numbers.count + 1) / 2)
        control[0] = UInt64(headerSize + numbers.count * 4)
        control[1] = UInt64(SOL_SOCKET) | UInt64(SCM_RIGHTS) << 32
        control.withUnsafeMutableBytes { buffer in
            for (index, number) in numbers.enumerated() {
                buffer.storeBytes(of: number, toByteOffset: headerSize + index * 4, as: CInt.self)
            }
        }
        try withMessage(&bytes, &control, controlSize: numbers.isEmpty ? 0 : control.count * 8) { message in
            _ = try syscall { socket.withRaw { sendmsg($0, message, CInt(MSG_NOSIGNAL)) } }
        }
        withExtendedLifetime(descriptors) {}
    }

    static func receive(
        from socket: SharedDescriptor
    ) throws -> (bytes: [UInt8], descriptors: [SharedDescriptor]) {
        guard try socket.descriptor.wait(for: .readable, atMost: .seconds(20)) else { throw Errno.timedOut }
        var bytes = [UInt8](repeating: 0, count: 256)
        var control = [UInt64](repeating: 0, count: 2 + room / 2)
        var length = 0
        try withMessage(&bytes, &control, controlSize: control.count * 8) { message in
            length = try syscall { socket.withRaw { recvmsg($0, message, CInt(MSG_CMSG_CLOEXEC)) } }
        }
        let count = max(0, Int(truncatingIfNeeded: control[0]) - headerSize) / 4
        let numbers = control.withUnsafeBytes { buffer in
            (0..<count).map { buffer.load(fromByteOffset: headerSize + $0 * 4, as: CInt.self) }
        }
        return (Array(bytes.prefix(length)), numbers.map { OwnedDescriptor(adopting: $0).shared() })
    }

    private static func withMessage(
        _ bytes: inout [UInt8], _ control: inout [UInt64], controlSize: Int,
        _ body: (UnsafeMutablePointer<msghdr>) throws -> Void
    ) throws {
        try bytes.withUnsafeMutableBytes { bytes in
            try control.withUnsafeMutableBytes { control in
                var vector = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
                try withUnsafeMutablePointer(to: &vector) { vector in
                    var message = msghdr()
                    message.msg_iov = vector
                    message.msg_iovlen = 1
                    message.msg_control = controlSize == 0 ? nil : control.baseAddress
                    message.msg_controllen = controlSize
                    try body(&message)
                }
            }
        }
    }
}
