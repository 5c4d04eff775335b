import GuestProtocol
import Testing

private let uniqueness = Uniqueness(
    generation: 0x0102_0304_0506_0708, entropy: Array(0..<64), wallClockNanoseconds: 1_795_424_579_068_460_993,
    credentials: Credentials(
        authorizationToken: "t", accessKeyID: "AKIA", secretAccessKey: "s", sessionToken: "",
        expiration: "2026-11-24T00:00:00Z"))

/// The frames in `bytes`, which arrive in pieces of `size`.
private func frames(_ bytes: [UInt8], piece size: Int = .max) throws(FrameError) -> [[UInt8]] {
    var decoder = FrameDecoder()
    var frames: [[UInt8]] = []
    var rest = bytes[...]
    while !rest.isEmpty {
        decoder.append(rest.prefix(size))
        rest = rest.dropFirst(size)
        while let frame = try decoder.next() { frames.append(frame) }
    }
    return frames
}

private func frame(_ type: UInt8, _ body: [UInt8], version: UInt8 = Frame.version) -> [UInt8] {
    [version, type] + body
}

@Suite struct MessageTests {
    static let hostMessages: [HostMessage] = [
        .initialize(
            Initialization(
                arguments: ["/usr/bin/python3", "", "ü"],
                environment: [EnvironmentVariable("A", "b=c"), EnvironmentVariable("", "")],
                workingDirectory: "/var/task", isSnapStart: true, uniqueness: uniqueness)),
        .initialize(
            Initialization(
                arguments: [], environment: [], workingDirectory: "", isSnapStart: false, uniqueness: uniqueness)),
        .freeze, .rehearse, .thaw(uniqueness), .stop(graceMilliseconds: .max),
        .invoke(
            Invocation(
                requestID: "r", deadlineMilliseconds: .max, invokedFunctionARN: "arn", traceID: "Root=1",
                clientContext: "{}",
                payload: Array(repeating: 7, count: 100_000))),
        .invoke(Invocation(requestID: "", deadlineMilliseconds: 0, invokedFunctionARN: "", payload: [])),
        .invokeInParts(
            Invocation(requestID: "r", deadlineMilliseconds: 1, invokedFunctionARN: "arn", payload: [1])),
        .moreParts(requestID: "r"),
    ]

    @Test("what the host says is what the guest hears, however it arrives", arguments: hostMessages, [1000, Int.max])
    func host(_ message: HostMessage, piece: Int) throws {
        let heard = try frames(message.encoded() + message.encoded(), piece: piece).map { try HostMessage(frame: $0) }
        #expect(heard == [message, message])
    }

    static let sampleFailure = RuntimeFailure(errorType: "Runtime.X", body: [1, 2])
    static let guestMessages: [GuestMessage] = [
        .hello(kernelRelease: "6.1.0"), .initialized(.restoreNext), .initialized(.invocationNext),
        .initializationFailed(sampleFailure), .frozen, .rehearsed, .thawed, .restored, .restoreFailed(sampleFailure),
        .response(requestID: "r", payload: []), .response(requestID: "r", payload: Array(repeating: 1, count: 70_000)),
        .responseBegan(requestID: "r", contentType: ""), .responsePart(requestID: "r", [0, 255]),
        .responseEnded(requestID: "r"),
        .invocationFailed(requestID: "r", sampleFailure), .idle(maximumMemoryBytes: .max),
        .output(Output(stream: .standardOutput, timestampNanoseconds: 1, bytes: [0, 255])),
        .output(Output(ExtensionReport(name: "watch", state: "Ready", events: ["INVOKE"]), at: 1)),
        .output(Output(stream: .standardError, timestampNanoseconds: .max, bytes: [])),
        .runtimeExited(.exited(status: -1)), .runtimeExited(.killed(signal: 9)), .runtimeExited(.outOfMemory),
        .runtimeExited(.notStarted(program: "/ü", errno: 2)),
        .runtimeExited(.noWorkingDirectory("/ü", errno: 13)), .fault("ü"),
    ]

    @Test("what the guest says is what the host hears, byte by byte", arguments: guestMessages)
    func guest(_ message: GuestMessage) throws {
        let heard = try frames(message.encoded(), piece: 1).map { try GuestMessage(frame: $0) }
        #expect(heard == [message])
    }

    @Test("the bytes of a message are as documented")
    func layout() {
        #expect(HostMessage.freeze.encoded() == [2, 0, 0, 0, 2, 2])
        #expect(HostMessage.stop(graceMilliseconds: 500).encoded() == [6, 0, 0, 0, 2, 5, 0xF4, 1, 0, 0])
        // Generation, entropy, wall clock, then five strings.
        var thaw: [UInt8] = [132, 0, 0, 0, 2, 3, 8, 7, 6, 5, 4, 3, 2, 1, 64, 0, 0, 0]
        thaw += Array(0..<64) as [UInt8]
        thaw += [0xC1, 0x7F, 0x61, 0x60, 0x24, 0xA1, 0xEA, 0x18]
        #expect(HostMessage.thaw(uniqueness).encoded().starts(with: thaw))
        #expect(GuestMessage.fault("no").encoded() == [8, 0, 0, 0, 2, 141, 2, 0, 0, 0, 110, 111])
    }

    @Test("every message cut short anywhere is an error", arguments: hostMessages)
    func truncatedHost(_ message: HostMessage) {
        let whole = Array(message.encoded().dropFirst(4))
        for length in Set([0, 1, 2, 3, 5, 6, 9, 40, whole.count - 1]) where length < whole.count {
            #expect(throws: FrameError.self) { try HostMessage(frame: Array(whole.prefix(length))) }
        }
    }

    @Test("every message cut short anywhere is an error, the guest's too", arguments: guestMessages)
    func truncatedGuest(_ message: GuestMessage) {
        let whole = Array(message.encoded().dropFirst(4))
        for length in 0..<min(whole.count, 64) {
            #expect(throws: FrameError.self) { try GuestMessage(frame: Array(whole.prefix(length))) }
        }
    }

    @Test("bytes after a message are an error", arguments: hostMessages)
    func trailing(_ message: HostMessage) {
        #expect(throws: FrameError.trailingBytes(1)) {
            try HostMessage(frame: Array(message.encoded().dropFirst(4)) + [0])
        }
    }

    static let noGeneration = [UInt8](repeating: 0, count: 8)
    static let hostileRows: [([UInt8], FrameError)] = [
        ([], .truncated), ([2], .truncated), (frame(2, [], version: 0), .unknownVersion(0)),
        (frame(2, [], version: 1), .unknownVersion(1)), (frame(0, []), .unknownType(0)),
        (frame(9, []), .unknownType(9)),
        (frame(129, []), .unknownType(129)), (frame(255, []), .unknownType(255)),
        // Counts and lengths that promise more than there is must not reserve memory for it.
        (frame(1, [255, 255, 255, 255]), .truncated), (frame(1, [1, 0, 0, 0, 255, 255, 255, 255]), .truncated),
        (frame(1, [0, 0, 0, 0, 255, 255, 255, 127]), .truncated),
        (frame(3, noGeneration + [63, 0, 0, 0] + Array(repeating: 0, count: 63)), .invalidValue(field: "entropy")),
        (frame(3, [0, 0, 0, 0]), .truncated), (frame(3, noGeneration + [0, 0, 0, 0]), .invalidValue(field: "entropy")),
        (frame(4, [1, 0, 0, 0, 0xFF]), .invalidValue(field: "request id")),
        (frame(4, [2, 0, 0, 0, 0xC0, 0x80]), .invalidValue(field: "request id")),
        (frame(4, [0, 0, 0, 0] + Array(repeating: 0, count: 12) + [2]), .invalidValue(field: "trace id")),
        (frame(5, [1, 2, 3]), .truncated), (frame(2, [0]), .trailingBytes(1)),
    ]

    @Test("a hostile host is refused by name", arguments: hostileRows)
    func hostile(_ bytes: [UInt8], _ error: FrameError) {
        #expect(throws: error) { try HostMessage(frame: bytes) }
    }

    static let hostileGuestRows: [([UInt8], FrameError)] = [
        ([], .truncated), (frame(129, [], version: 7), .unknownVersion(7)), (frame(1, []), .unknownType(1)),
        (frame(146, []), .unknownType(146)), (frame(130, [0]), .invalidValue(field: "ready call")),
        (frame(130, [3]), .invalidValue(field: "ready call")), (frame(139, [4]), .invalidValue(field: "stream")),
        (frame(140, [0]), .invalidValue(field: "exit reason")), (frame(140, [6]), .invalidValue(field: "exit reason")),
        (frame(136, [255, 255, 255, 255]), .truncated), (frame(136, [0, 0, 0, 0, 0, 0, 0, 128]), .truncated),
        (frame(141, [1, 0, 0, 0, 0x80]), .invalidValue(field: "fault")), (frame(132, [0]), .trailingBytes(1)),
        (frame(138, [1, 2, 3, 4, 5, 6, 7]), .truncated),
    ]

    @Test("a hostile guest is refused by name", arguments: hostileGuestRows)
    func hostileGuest(_ bytes: [UInt8], _ error: FrameError) {
        #expect(throws: error) { try GuestMessage(frame: bytes) }
    }

    static let hostileStreamRows: [([UInt8], FrameError)] = [
        ([255, 255, 255, 255], .tooLong(0xFFFF_FFFF)), ([1, 0, 128, 0], .tooLong((8 << 20) + 1)),
        ([0, 0, 0, 0], .truncated),
        ([1, 0, 0, 0, 2], .truncated),
    ]

    @Test("a stream whose lengths make no sense is refused before its bytes are kept", arguments: hostileStreamRows)
    func hostileStream(_ bytes: [UInt8], _ error: FrameError) {
        #expect(throws: error) { try frames(bytes) }
    }

    @Test("a frame of the greatest length passes")
    func longest() throws {
        let body = Array(repeating: UInt8(1), count: Frame.maximumLength - 2)
        #expect(try frames([0, 0, 128, 0, 2, 136] + body, piece: 1 << 20).map(\.count) == [Frame.maximumLength])
    }

    @Test("any bytes at all give messages or an error, never a crash")
    func noise() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let type = Bool.random(using: &generator) ? UInt8.random(in: 1...6) : UInt8.random(in: 129...142)
            let body = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                Bool.random(using: &generator) ? UInt8.random(in: 0...3) : UInt8.random(in: 0...255)
            }
            _ = try? HostMessage(frame: frame(type, body))
            _ = try? GuestMessage(frame: frame(type, body))
        }
    }
}
