import Foundation
import LinuxKit
import SystemPackage
import Testing

@testable import thaw

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
        let text = ServerError.stateInUse("/srv/thaw", by: record).description
        for word in ["/srv/thaw", "http://127.0.0.1:9000", "process \(record.process)"] { #expect(text.contains(word)) }
        for option in ["--state-dir", "--port", "--tunnel-port"] { #expect(text.contains(option)) }
        #expect(!text.contains("\n"))
        #expect(ServerError.stateInUse("/srv/thaw", by: nil).description.contains("another server"))
    }

    @Test("a port is reserved until somebody listens there, and refused where somebody does")
    func reservation() throws {
        let listener = try LoopbackSocket.listen(port: 0)
        let port = Int(try LoopbackSocket.port(of: listener))
        let error = #expect(throws: ServerError.self) { _ = try PortReservation.take("127.0.0.1", port) }
        #expect(error?.description.contains("127.0.0.1:\(port) is in use") == true)
        _ = consume listener
        let reservation = try PortReservation.take("127.0.0.1", port)
        let later = try LoopbackSocket.listen(port: UInt16(port))
        #expect(throws: ServerError.self) { _ = try PortReservation.take("127.0.0.1", port) }
        withExtendedLifetime(reservation) {}
        _ = consume later
    }

    @Test("versions that have logged are named when the one asked for has not")
    func versions() throws {
        let directory = FilePath(NSTemporaryDirectory()).appending("thaw-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(atPath: directory.string) }
        for (day, version) in [("01", "10"), ("01", "$LATEST"), ("02", "9"), ("02", "10")] {
            let parent = "\(directory)/2026/11/\(day)"
            try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
            try Data().write(to: URL(fileURLWithPath: "\(parent)/[\(version)]\(UUID().uuidString)"))
        }
        let reader = LogReader(directory: directory, version: "3", showsTimestamps: false)
        #expect(try !reader.show())
        let versions = try reader.versions()
        #expect(versions == ["$LATEST", "9", "10"])
        let error = LogsError.nothingLogged("hello", version: "3", others: versions, in: directory)
        #expect(error.description.hasPrefix("nothing has been logged for version 3 of hello. "))
        #expect(error.description.hasSuffix(" These have logged: $LATEST, 9, 10."))
        let nothing = LogsError.nothingLogged("hello", version: "3", others: [], in: directory)
        #expect(nothing.description.contains("nothing has been logged for hello in \(directory)"))
    }
}
