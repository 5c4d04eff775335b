/// What the guest supervisor tells the host.
package enum GuestMessage: Sendable, Equatable {
    /// The guest has booted and waits for ``HostMessage/initialize(_:)``.
    case hello(kernelRelease: String)
    /// The runtime's init is complete: it blocks in a Runtime API call.
    case initialized(ReadyCall)
    /// The runtime posted `/runtime/init/error` (its type and JSON body).
    case initializationFailed(RuntimeFailure)
    /// Everything is at rest; the host may take the snapshot.
    case frozen
    /// The answer to ``HostMessage/rehearse``.
    case rehearsed
    /// Entropy, wall clock and credentials are in place; the runtime has been released.
    case thawed
    /// The after-restore hooks have run: the runtime asked for its next invocation.
    case restored
    /// The runtime posted `/runtime/restore/error`.
    case restoreFailed(RuntimeFailure)
    /// The runtime answered an invocation.
    case response(requestID: String, payload: [UInt8])
    /// The runtime streams its answer to ``HostMessage/invokeInParts(_:)``, with this `Content-Type`.
    case responseBegan(requestID: String, contentType: String)
    /// More of that; see ``ResponseWindow``.
    case responsePart(requestID: String, [UInt8])
    /// It is whole.
    case responseEnded(requestID: String)
    /// The runtime posted `/runtime/invocation/{id}/error`, or ended a streamed answer with an error.
    case invocationFailed(requestID: String, RuntimeFailure)
    /// The runtime asked for its next invocation: the sandbox is idle.
    case idle(maximumMemoryBytes: UInt64)
    /// Bytes the runtime's processes wrote.
    case output(Output)
    case runtimeExited(ExitReason)
    /// The guest cannot go on, or was told something it does not understand. The host destroys the sandbox.
    case fault(String)
}

/// The Runtime API call in which init ends.
package enum ReadyCall: UInt8, Sendable, Equatable {
    case restoreNext = 1
    case invocationNext = 2
}

/// An error as the runtime reported it.
package struct RuntimeFailure: Sendable, Equatable {
    /// `Lambda-Runtime-Function-Error-Type`, such as `Runtime.BeforeSnapshotError`; validated against AWS's pattern.
    package var errorType: String
    /// The body, JSON from the runtime, passed on unchanged.
    package var body: [UInt8]

    package init(errorType: String, body: [UInt8]) {
        self.errorType = errorType
        self.body = body
    }
}

package struct Output: Sendable, Equatable {
    package enum Stream: UInt8, Sendable {
        case standardOutput = 1, standardError = 2
        /// Not the runtime's words: an ``ExtensionReport``.
        case platform = 3
    }
    package var stream: Stream
    /// CLOCK_REALTIME in the guest when the bytes were read, nanoseconds since 1970.
    package var timestampNanoseconds: UInt64
    package var bytes: [UInt8]

    package init(stream: Stream, timestampNanoseconds: UInt64, bytes: [UInt8]) {
        self.stream = stream
        self.timestampNanoseconds = timestampNanoseconds
        self.bytes = bytes
    }
}

package enum ExitReason: Sendable, Equatable {
    case exited(status: Int32)
    case killed(signal: Int32)
    /// The guest kernel's OOM killer ended it.
    case outOfMemory
    /// The runtime could not be started at all: the program that the kernel refused and why, empty where there is none.
    case notStarted(program: String, errno: Int32)
    /// The directory in which it was to be started cannot be entered.
    case noWorkingDirectory(String, errno: Int32)
}

// MARK: - Wire

extension GuestMessage {
    private enum Kind: UInt8 {
        case hello = 129
        case initialized, initializationFailed, frozen, thawed, restored, restoreFailed
        case response, invocationFailed, idle, output, runtimeExited, fault, rehearsed
        case responseBegan, responsePart, responseEnded
    }

    /// The frame, length first.
    package func encoded() -> [UInt8] {
        switch self {
        case .hello(let release): return Self.frame(.hello) { $0.put(release) }
        case .initialized(let call): return Self.frame(.initialized) { $0.put(call.rawValue) }
        case .initializationFailed(let failure): return Self.frame(.initializationFailed) { failure.encode(to: &$0) }
        case .frozen: return Self.frame(.frozen) { _ in }
        case .rehearsed: return Self.frame(.rehearsed) { _ in }
        case .thawed: return Self.frame(.thawed) { _ in }
        case .restored: return Self.frame(.restored) { _ in }
        case .restoreFailed(let failure): return Self.frame(.restoreFailed) { failure.encode(to: &$0) }
        case .response(let requestID, let payload):
            return Self.frame(.response, reserving: payload.count + 64) {
                $0.put(requestID)
                $0.put(payload)
            }
        case .responseBegan(let requestID, let contentType):
            return Self.frame(.responseBegan) {
                $0.put(requestID)
                $0.put(contentType)
            }
        case .responsePart(let requestID, let bytes):
            return Self.frame(.responsePart, reserving: bytes.count + 64) {
                $0.put(requestID)
                $0.put(bytes)
            }
        case .responseEnded(let requestID): return Self.frame(.responseEnded) { $0.put(requestID) }
        case .invocationFailed(let requestID, let failure):
            return Self.frame(.invocationFailed, reserving: failure.body.count + 128) {
                $0.put(requestID)
                failure.encode(to: &$0)
            }
        case .idle(let memory): return Self.frame(.idle) { $0.put(memory) }
        case .output(let output):
            return Self.frame(.output, reserving: output.bytes.count + 32) {
                $0.put(output.stream.rawValue)
                $0.put(output.timestampNanoseconds)
                $0.put(output.bytes)
            }
        case .runtimeExited(let reason): return Self.frame(.runtimeExited) { reason.encode(to: &$0) }
        case .fault(let text): return Self.frame(.fault) { $0.put(text) }
        }
    }

    private static func frame(_ kind: Kind, reserving capacity: Int = 64, _ body: (inout FrameWriter) -> Void)
        -> [UInt8]
    {
        var writer = FrameWriter(type: kind.rawValue, reserving: capacity)
        body(&writer)
        return writer.finish()
    }

    /// Decodes a frame that ``FrameDecoder`` cut.
    package init(frame: [UInt8]) throws(FrameError) {
        var (type, body) = try FrameReader.open(frame)
        guard let kind = Kind(rawValue: type) else { throw .unknownType(type) }
        switch kind {
        case .hello: self = .hello(kernelRelease: try body.string("kernel release"))
        case .initialized:
            guard let call = ReadyCall(rawValue: try body.integer()) else { throw .invalidValue(field: "ready call") }
            self = .initialized(call)
        case .initializationFailed: self = .initializationFailed(try RuntimeFailure(from: &body))
        case .frozen: self = .frozen
        case .rehearsed: self = .rehearsed
        case .thawed: self = .thawed
        case .restored: self = .restored
        case .restoreFailed: self = .restoreFailed(try RuntimeFailure(from: &body))
        case .response: self = .response(requestID: try body.string("request id"), payload: try body.data())
        case .responseBegan:
            self = .responseBegan(
                requestID: try body.string("request id"), contentType: try body.string("content type"))
        case .responsePart: self = .responsePart(requestID: try body.string("request id"), try body.data())
        case .responseEnded: self = .responseEnded(requestID: try body.string("request id"))
        case .invocationFailed:
            self = .invocationFailed(requestID: try body.string("request id"), try RuntimeFailure(from: &body))
        case .idle: self = .idle(maximumMemoryBytes: try body.integer())
        case .output:
            guard let stream = Output.Stream(rawValue: try body.integer()) else { throw .invalidValue(field: "stream") }
            self = .output(Output(stream: stream, timestampNanoseconds: try body.integer(), bytes: try body.data()))
        case .runtimeExited: self = .runtimeExited(try ExitReason(from: &body))
        case .fault: self = .fault(try body.string("fault"))
        }
        try body.finish()
    }
}

extension RuntimeFailure {
    fileprivate func encode(to writer: inout FrameWriter) {
        writer.put(errorType)
        writer.put(body)
    }

    fileprivate init(from reader: inout FrameReader) throws(FrameError) {
        errorType = try reader.string("error type")
        body = try reader.data()
    }
}

extension ExitReason {
    fileprivate func encode(to writer: inout FrameWriter) {
        switch self {
        case .exited(let status):
            writer.put(UInt8(1))
            writer.put(status)
        case .killed(let signal):
            writer.put(UInt8(2))
            writer.put(signal)
        case .outOfMemory: writer.put(UInt8(3))
        case .notStarted(let program, let errno):
            writer.put(UInt8(4))
            writer.put(program)
            writer.put(errno)
        case .noWorkingDirectory(let path, let errno):
            writer.put(UInt8(5))
            writer.put(path)
            writer.put(errno)
        }
    }

    fileprivate init(from reader: inout FrameReader) throws(FrameError) {
        switch try reader.integer(UInt8.self) {
        case 1: self = .exited(status: try reader.integer())
        case 2: self = .killed(signal: try reader.integer())
        case 3: self = .outOfMemory
        case 4: self = .notStarted(program: try reader.string("program"), errno: try reader.integer())
        case 5: self = .noWorkingDirectory(try reader.string("directory"), errno: try reader.integer())
        default: throw .invalidValue(field: "exit reason")
        }
    }
}
