import Glibc
import LinuxKit
import ProcessImages
import SystemPackage
import TestSupport
import Testing

/// Connections whose other end is outside of the sandbox.
@Suite(.requiresRoot) struct ConnectionTests {
    private static let here = IPv4Address(10, 99, 0, 1)
    private static let there = "10.99.0.2"

    /// Says for every SIGUSR1 what it finds.
    private static let program = """
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
        dial = lambda: socket.create_connection(("10.99.0.2", int(sys.argv[1])), source_address=("10.99.0.1", 0))
        s = dial(); n = dial(); n.setblocking(False); n.setsockopt(6, 1, 1)
        e = select.epoll(); e.register(n, select.EPOLLIN)
        print("ready")
        while True:
            signal.sigwait([signal.SIGUSR1])
            found = []
            for each in (s, n):
                try: found.append(each.recv(10))
                except OSError as error: found.append(type(error).__name__)
            print(found, [hex(events) for _, events in e.poll(0)], n.getsockopt(6, 1), os.get_blocking(s.fileno()))
        """

    private func withProgram(_ body: (Subject, SharedDescriptor) throws -> Void) throws {
        let namespace = try NetworkNamespace.create()
        let listener = try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            let loopback = try netlink.link(named: "lo")
            try netlink.bringUp(loopback)
            try netlink.addAddress(Self.here, prefix: 32, to: loopback)
            try netlink.addAddress(IPv4Address(10, 99, 0, 2), prefix: 32, to: loopback)
            do throws(Errno) { return try Self.listener().shared() } catch { throw NetworkError("listen", error) }
        }
        let port = try LoopbackSocket.port(of: listener.descriptor)
        let subject = try Subject(
            "/usr/bin/python3",
            ["-u", "-S", "-c", "import os, select, signal, socket, sys\n" + Self.program, "\(port)"],
            namespace: namespace)
        #expect(try subject.line() == "ready")
        try body(subject, listener)
    }

    /// On all addresses.
    private static func listener() throws(Errno) -> OwnedDescriptor {
        let listener = OwnedDescriptor(
            adopting: try syscall { socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0) })
        try listener.withRaw { raw throws(Errno) in _ = try syscall { listen(raw, 8) } }
        return listener
    }

    @Test("a connection to the outside is found reset by every clone, and the log says so")
    func reset() async throws {
        try await BlockingThread.run {
            try withProgram { subject, _ in
                try withScratchDirectory { directory in
                    let frozen = try ProcessFreezer.freeze(subject.target(), into: directory)
                    #expect(frozen.remarks.count == 2)
                    #expect(
                        frozen.remarks.allSatisfy {
                            $0.contains("is a connected TCP socket to \(Self.there):")
                                && $0.hasSuffix("which every clone finds reset by its peer")
                        })
                    let image = try ProcessImage.load(directory)
                    let template = try TestTemplate(image, restorer: TestRestorer.path())
                    for _ in 0..<2 {
                        let clone = try template.clone()
                        try clone.wake()
                        #expect(
                            try clone.poke()
                                == "['ConnectionResetError', 'ConnectionResetError'] ['0x11'] 0 True")
                    }
                }
            }
        }
    }

    @Test("a function that wants to find its connections is refused")
    func refuse() async throws {
        try await BlockingThread.run {
            try withProgram { subject, _ in
                try withScratchDirectory { directory in
                    var target = subject.target()
                    target.connections = .refuse
                    do throws(FreezeError) {
                        _ = try ProcessFreezer.freeze(target, into: directory)
                        Issue.record("it was frozen")
                    } catch .refused(let refusals) {
                        #expect(refusals.count == 2)
                        #expect(refusals.allSatisfy { $0.finding.contains("connected TCP socket to \(Self.there):") })
                    } catch {
                        Issue.record("\(error)")
                    }
                }
            }
        }
    }
}
