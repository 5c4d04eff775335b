import LinuxKit
import ServerAssembly
import SystemPackage
import Testing

@Suite struct ServerTextTests {
    @Test(
        "a record says where a client on this host reaches the server",
        arguments: [
            ("127.0.0.1", "http://127.0.0.1:9000"), ("0.0.0.0", "http://127.0.0.1:9000"), ("::", "http://[::1]:9000"),
            ("::1", "http://[::1]:9000"), ("localhost", "http://localhost:9000"),
        ])
    func addresses(address: String, url: String) {
        let record = ServerRecord(stateDirectory: "/srv/thaw", address: address, port: 9000, isolation: "process")
        #expect(record.url == url)
    }

    @Test("a record is of a server that runs until its process has ended, whoever has its number then")
    func running() {
        var record = ServerRecord(stateDirectory: "/srv/thaw", address: "::1", port: 9000, isolation: "process")
        #expect(record.isRunning)
        record.started += 1
        #expect(!record.isRunning)
    }

    @Test("a state directory in use is told with who uses it and all that a second server needs of its own")
    func stateInUse() {
        let record = ServerRecord(stateDirectory: "/srv/thaw", address: "127.0.0.1", port: 9000, isolation: "process")
        let text = ServerError.stateInUse(StateDirectory("/srv/thaw"), by: record).description
        for word in ["/srv/thaw", "http://127.0.0.1:9000", "process \(record.process)"] { #expect(text.contains(word)) }
        for option in ["--state-dir", "--port", "--tunnel-port"] { #expect(text.contains(option)) }
        #expect(!text.contains("\n"))
        #expect(ServerError.stateInUse(StateDirectory("/srv/thaw"), by: nil).description.contains("another server"))
    }

    @Test("a port is reserved until somebody listens there, and refused where somebody does")
    func reservation() throws {
        let listener = try LoopbackSocket.listen(port: 0)
        let port = Int(try LoopbackSocket.port(of: listener))
        let error = #expect(throws: ServerError.self) { _ = try PortReservation.take("127.0.0.1", port) }
        #expect(error?.code == .addressInUse)
        #expect(error?.description.contains("127.0.0.1:\(port) is in use") == true)
        let other = #expect(throws: ServerError.self) {
            _ = try PortReservation.take("127.0.0.1", port, option: "--metrics-port")
        }
        #expect(other?.description.contains("choose another --metrics-port") == true)
        _ = consume listener
        let reservation = try PortReservation.take("127.0.0.1", port)
        let later = try LoopbackSocket.listen(port: UInt16(port))
        #expect(throws: ServerError.self) { _ = try PortReservation.take("127.0.0.1", port) }
        withExtendedLifetime(reservation) {}
        _ = consume later
    }
}
