internal import CLinux
import Glibc
package import SystemPackage

/// Unix sockets that keep messages whole (SOCK_SEQPACKET of unix(7)), with descriptors beside the bytes.
package enum PacketSocket {
    /// Descriptors that fit into one message.
    package static var maximumDescriptors: Int { Int(clinux_message_descriptors) }

    /// Two that are connected to each other. Neither call below waits, nonblocking or not.
    package static func pair() throws(Errno) -> DescriptorPair {
        try DescriptorPair { ends in clinux_socketpair(AF_UNIX, clinux_SOCK_SEQPACKET, 0, ends) }
    }
}

/// What ``OwnedDescriptor/receiveMessage(upTo:)`` received.
package struct SocketMessage: Sendable {
    package let bytes: [UInt8]
    package let descriptors: [SharedDescriptor]
}

extension OwnedDescriptor {
    /// sendmsg(2), without waiting: `.resourceTemporarilyUnavailable` when there is no room. The receiver gets duplicates.
    /// - Parameter descriptors: numbers that their owners keep open until this returns.
    package borrowing func sendMessage(_ bytes: UnsafeRawBufferPointer, descriptors: [CInt] = []) throws(Errno) {
        try withRaw { raw throws(Errno) in
            _ = try shim {
                clinux_send_message(raw, bytes.baseAddress, bytes.count, descriptors, descriptors.count)
            }
        }
    }

    /// recvmsg(2), without waiting: `.resourceTemporarilyUnavailable` when nothing is there; no bytes at the end.
    ///
    /// An end that goes before it has read everything makes the kernel say ECONNRESET, once and first; what it has said stands
    /// behind that.
    package borrowing func receiveMessage(upTo count: Int) throws(Errno) -> SocketMessage {
        var numbers = [CInt](repeating: -1, count: PacketSocket.maximumDescriptors)
        var descriptors = numbers.count
        let bytes = try withRaw { raw throws(Errno) in
            var failure: Errno?
            let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
                do throws(Errno) {
                    used = Int(
                        try shim {
                            func receive() -> CInt {
                                descriptors = numbers.count
                                return clinux_receive_message(raw, buffer.baseAddress, count, &numbers, &descriptors)
                            }
                            let result = receive()
                            return result == -ECONNRESET ? receive() : result
                        })
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
            return bytes
        }
        return SocketMessage(
            bytes: bytes,
            descriptors: numbers.prefix(descriptors).map { OwnedDescriptor(adopting: $0).shared() })
    }
}
