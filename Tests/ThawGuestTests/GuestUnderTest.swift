import Glibc
import GuestProtocol
import LinuxKit
import SystemPackage
import TestSupport
import Testing

/// The supervisor as a process of this machine, and the host's end of its control port.
final class GuestUnderTest {
    let child: ChildProcess
    private let port: SharedDescriptor
    private var decoder = FrameDecoder()
    private var received: [GuestMessage] = []
    /// What the runtime wrote.
    private(set) var output = ""

    /// Built next to the tests.
    static let program = BuiltProgram.named("ThawGuest")

    init() throws {
        let ends = try OwnedDescriptor.socketPair()
        var plan = SpawnPlan(executable: Self.program, arguments: ["ThawGuest", "--control", "3"])
        port = ends.take { host, guest in
            plan.descriptors[3] = guest.shared()
            return host.shared()
        }
        plan.descriptors[2] = OwnedDescriptor(adopting: dup(2)).shared()
        child = try plan.spawn()
    }

    func send(_ message: HostMessage) throws { try port.descriptor.writeAll(message.encoded()) }
    func send(_ bytes: [UInt8]) throws { try port.descriptor.writeAll(bytes) }

    /// The next message that is not output.
    func next() throws -> GuestMessage {
        while true {
            if let frame = try decoder.next() {
                let message = try GuestMessage(frame: frame)
                guard case .output(let piece) = message else { return message }
                output += String(decoding: piece.bytes, as: UTF8.self)
                continue
            }
            try #require(
                try port.descriptor.wait(for: .readable, atMost: .seconds(20)), "the guest said nothing for 20 s")
            let bytes = try port.descriptor.read(upTo: 1 << 20)
            try #require(!bytes.isEmpty, "the guest closed its port")
            decoder.append(bytes)
        }
    }

    /// Starts a runtime written in Python: `call(method, path, body, headers)` talks to the Runtime API.
    func initialize(_ script: String, isSnapStart: Bool = true) throws {
        let prelude = """
            from http.client import HTTPConnection
            os, signal, sys, threading, time = map(__import__, ["os", "signal", "sys", "threading", "time"])
            def call(method, path, body=None, headers={}):
                connection = HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
                connection.request(method, "/2018-06-01/runtime/" + path, body, headers)
                response = connection.getresponse()
                return response.headers["Lambda-Runtime-Aws-Request-Id"], response.read()

            """
        try initialize(arguments: ["/usr/bin/env", "python3", "-c", prelude + script], isSnapStart: isSnapStart)
    }

    func initialize(arguments: [String], workingDirectory: String = "/", isSnapStart: Bool = true) throws {
        #expect(try next().isHello)
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
        try send(
            .initialize(
                Initialization(
                    arguments: arguments,
                    environment: [EnvironmentVariable("PATH", path), EnvironmentVariable("PYTHONUNBUFFERED", "1")],
                    workingDirectory: workingDirectory, isSnapStart: isSnapStart, uniqueness: .sample)))
    }

    /// Tells it to stop, and waits until it has.
    func stop(graceMilliseconds: UInt32 = 0) throws -> ProcessExit? {
        try send(.stop(graceMilliseconds: graceMilliseconds))
        return try child.waitBlocking(atMost: .seconds(20))
    }
}

extension GuestMessage {
    var isHello: Bool { if case .hello = self { true } else { false } }
    var isIdle: Bool { if case .idle(let bytes) = self { bytes > 1 << 20 } else { false } }
    var isFault: Bool { if case .fault = self { true } else { false } }
}

extension Uniqueness {
    static let sample = Uniqueness(
        generation: 7, entropy: Array(repeating: 1, count: 64), wallClockNanoseconds: 1_795_424_579_068_460_993,
        credentials: Credentials(
            authorizationToken: "t", accessKeyID: "AKIA", secretAccessKey: "s", sessionToken: "x",
            expiration: "2026-11-24T00:00:00Z"))
}

extension Invocation {
    static func sample(_ id: String, payload: [UInt8] = Array("{}".utf8)) -> Invocation {
        Invocation(requestID: id, deadlineMilliseconds: 0, invokedFunctionARN: "arn", payload: payload)
    }
}
