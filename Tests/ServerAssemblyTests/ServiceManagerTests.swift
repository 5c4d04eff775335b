import Foundation
import Glibc
import LinuxKit
import ServerAssembly
import SystemPackage
import Testing

@Suite struct ServiceManagerTests {
    @Test(
        "the service manager hears that the server is ready, at a path and at an abstract name", arguments: ["/", "@"])
    func ready(kind: String) throws {
        let name = kind == "/" ? NSTemporaryDirectory() + "\(UUID())" : "@thaw-\(UUID())"
        defer { if kind == "/" { unlink(name) } }
        let receiver = try Self.listen(at: name)
        let manager = try #require(ServiceManager(environment: ["NOTIFY_SOCKET": name]))
        try manager.tell(.ready)
        try manager.tell(.stopping(seconds: 80))
        #expect(String(decoding: try receiver.read(upTo: 100), as: UTF8.self) == "READY=1")
        let stopping = String(decoding: try receiver.read(upTo: 100), as: UTF8.self)
        #expect(stopping == "STOPPING=1\nEXTEND_TIMEOUT_USEC=80000000")
    }

    @Test("without one that wants to hear nobody is told", arguments: [nil, "", "relative", "vsock:2:9"])
    func nobody(name: String?) {
        var environment: [String: String] = [:]
        environment["NOTIFY_SOCKET"] = name
        #expect(ServiceManager(environment: environment) == nil)
    }

    @Test("a name that no socket can have, and one where nobody listens, are told")
    func unreachable() {
        for name in ["/" + String(repeating: "x", count: 200), "@thaw-\(UUID())"] {
            #expect(throws: Errno.self) { try ServiceManager(environment: ["NOTIFY_SOCKET": name])?.tell(.ready) }
        }
    }

    private static func listen(at name: String) throws -> OwnedDescriptor {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(name.utf8)
        if name.hasPrefix("@") { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(2 + bytes.count)
        let socket = try OwnedDescriptor { Glibc.socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0) }
        try socket.withRaw { raw in
            _ = try syscall {
                withUnsafePointer(to: &address) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(raw, $0, length) }
                }
            }
        }
        return socket
    }
}
