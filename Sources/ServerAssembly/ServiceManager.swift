import Glibc
import LinuxKit
import SystemPackage

/// The service manager that started this process, if one did that wants to hear from it: sd_notify(3).
package struct ServiceManager: Sendable {
    package enum State: Sendable {
        /// Requests are accepted: what is ordered after the service may begin.
        case ready
        /// It will have ended in that time; no need to kill it before.
        case stopping(seconds: Int)

        fileprivate var text: String {
            switch self {
            case .ready: "READY=1"
            case .stopping(let seconds): "STOPPING=1\nEXTEND_TIMEOUT_USEC=\(seconds)000000"
            }
        }
    }

    /// Where it listens: a path, or @ and the name of an abstract socket.
    let socket: String

    package init?(environment: [String: String]) {
        guard let socket = environment["NOTIFY_SOCKET"], socket.hasPrefix("/") || socket.hasPrefix("@") else {
            return nil
        }
        self.socket = socket
    }

    package func tell(_ state: State) throws(Errno) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(socket.utf8)
        if name[0] == UInt8(ascii: "@") { name[0] = 0 }
        let isRoom = withUnsafeMutableBytes(of: &address.sun_path) { path in
            guard name.count < path.count else { return false }
            path.copyBytes(from: name)
            return true
        }
        guard isRoom else { throw .fileNameTooLong }
        let offset = MemoryLayout<sockaddr_un>.size - MemoryLayout.size(ofValue: address.sun_path)
        let (length, text) = (socklen_t(offset + name.count), Array(state.text.utf8))
        let type = CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        let sender = try OwnedDescriptor { Glibc.socket(AF_UNIX, type, 0) }
        try sender.withRaw { raw throws(Errno) in
            _ = try syscall {
                withUnsafePointer(to: &address) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        sendto(raw, text, text.count, CInt(MSG_NOSIGNAL), $0, length)
                    }
                }
            }
        }
    }
}
