/// What comes out of a guest, and what a guest is told: frames of both directions, one by one and in a stream.
///
/// The first byte of an input is how long the pieces of the stream are; from 128 on all that follows is one frame.
enum Target: FuzzTarget {
    static func test(_ input: [UInt8]) {
        guard let first = input.first else { return }
        let bytes = Array(input.dropFirst())
        if first >= 128 {
            check(frame: bytes)
            return
        }
        let whole = outcome(of: [bytes[...]])
        let cut = outcome(of: pieces(of: bytes, length: Int(first % 16) + 1))
        hold(whole == cut, "in pieces \(cut), whole \(whole)")
        for frame in whole.frames { check(frame: frame) }
    }

    private struct Outcome: Equatable {
        var frames: [[UInt8]] = []
        var error: FrameError?
    }

    private static func outcome(of pieces: [ArraySlice<UInt8>]) -> Outcome {
        var decoder = FrameDecoder()
        var outcome = Outcome()
        do throws(FrameError) {
            for piece in pieces {
                decoder.append(piece)
                while let frame = try decoder.next() { outcome.frames.append(frame) }
            }
        } catch {
            outcome.error = error
        }
        return outcome
    }

    /// What is understood is what was written: a message of a guest has one form.
    private static func check(frame: [UInt8]) {
        if let message = try? GuestMessage(frame: frame) {
            let written = message.encoded()
            hold(
                Array(written.dropFirst(Frame.headerLength)) == frame,
                "\(message) is written as \(written), read from \(frame)")
        }
        if let message = try? HostMessage(frame: frame) {
            let again = try? HostMessage(frame: Array(message.encoded().dropFirst(Frame.headerLength)))
            hold(again == message, "\(message) comes back as \(again.map { "\($0)" } ?? "nothing")")
        }
    }

    static var seeds: [[UInt8]] {
        let frames = guest.map { $0.encoded() } + host.map { $0.encoded() }
        return frames.map { [128] + $0.dropFirst(Frame.headerLength) } + [[3] + frames.prefix(6).joined()]
    }

    private static let failure = RuntimeFailure(errorType: "Runtime.E", body: Array("{}".utf8))
    private static let guest: [GuestMessage] = [
        .hello(kernelRelease: "6.1.0"), .initialized(.restoreNext), .initializationFailed(failure), .frozen, .rehearsed,
        .thawed, .restored, .restoreFailed(failure), .response(requestID: "1b2c", payload: [1, 2, 3]),
        .invocationFailed(requestID: "1b2c", failure), .idle(maximumMemoryBytes: 1 << 27),
        .output(Output(stream: .standardError, timestampNanoseconds: 1, bytes: [10])),
        .runtimeExited(.exited(status: 1)), .runtimeExited(.killed(signal: 9)), .runtimeExited(.outOfMemory),
        .runtimeExited(.notStarted(program: "/var/task/bootstrap", errno: 2)), .fault("out of order"),
    ]
    private static let uniqueness = Uniqueness(
        generation: 7, entropy: Array(repeating: 5, count: Uniqueness.entropyLength), wallClockNanoseconds: 9,
        credentials: Credentials(
            authorizationToken: "t", accessKeyID: "k", secretAccessKey: "s", sessionToken: "", expiration: "2026"))
    private static let host: [HostMessage] = [
        .initialize(
            Initialization(
                arguments: ["/bin/x", ""], environment: [EnvironmentVariable("A", "b")], workingDirectory: "/",
                isSnapStart: true, uniqueness: uniqueness)), .freeze, .rehearse, .thaw(uniqueness),
        .invoke(
            Invocation(
                requestID: "1", deadlineMilliseconds: 2, invokedFunctionARN: "arn", traceID: "Root=1", payload: [7])),
        .stop(graceMilliseconds: 300),
    ]
}
