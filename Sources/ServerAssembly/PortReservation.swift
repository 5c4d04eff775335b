import Glibc
import LinuxKit
import NIOCore
import SystemPackage

/// An address that is bound, though nothing listens there yet: a start that takes its time learns first whether it can listen.
///
/// Linux lets a server listen at an address that another socket is bound to as long as both ask for SO_REUSEADDR and only
/// one of them listens.
package final class PortReservation: Sendable {
    private let socket: OwnedDescriptor

    /// Those of all ports that the kernel does not choose.
    static func take(_ configuration: ServerConfiguration) throws -> [PortReservation] {
        var reservations: [PortReservation] = []
        if configuration.port != 0 { reservations.append(try take(configuration.address, configuration.port)) }
        if let port = configuration.metricsPort, port != 0 {
            reservations.append(try take(configuration.metricsAddress, port, option: "--metrics-port"))
        }
        return reservations
    }

    /// Blocks for as long as a host name is looked up.
    /// - Parameter option: what chooses the port.
    package static func take(_ address: String, _ port: Int, option: String = "--port") throws -> PortReservation {
        let resolved: NIOCore.SocketAddress
        do { resolved = try NIOCore.SocketAddress.makeAddressResolvingHost(address, port: port) } catch {
            throw ServerError.cannotListen(address, port, option, error)
        }
        do {
            let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
            let socket = try OwnedDescriptor { Glibc.socket(resolved.protocol.rawValue, type, 0) }
            var reuse: CInt = 1
            let size = socklen_t(MemoryLayout<CInt>.size)
            try socket.withRaw { raw in
                _ = try syscall { setsockopt(raw, SOL_SOCKET, SO_REUSEADDR, &reuse, size) }
                _ = try resolved.withSockAddr { pointer, length in
                    try syscall { bind(raw, pointer, socklen_t(length)) }
                }
            }
            return PortReservation(socket)
        } catch let error as Errno {
            throw error == .addressInUse
                ? ServerError.addressInUse(address, port, option, cause: error)
                : ServerError.cannotListen(address, port, option, error)
        }
    }

    private init(_ socket: consuming OwnedDescriptor) { self.socket = socket }
}
