/// What the host tells the guest supervisor.
package enum HostMessage: Sendable, Equatable {
    /// Start the runtime. Sent once, after ``GuestMessage/hello(kernelRelease:)``.
    case initialize(Initialization)
    /// Bring the guest to rest: flush what is buffered, then answer ``GuestMessage/frozen`` and touch nothing until `thaw`.
    case freeze
    /// Run the supervisor's part of a thaw once, with no effect on the runtime, then answer ``GuestMessage/rehearsed``.
    ///
    /// An emulated CPU translates code when it first runs, and a fresh clone has run nothing yet: one that is prepared
    /// ahead does that before it is claimed.
    case rehearse
    /// Make this clone unique, then release the runtime blocked in `/runtime/restore/next`.
    case thaw(Uniqueness)
    /// Hand one event to the runtime.
    case invoke(Invocation)
    /// The same for a host that wants a streamed answer as it comes.
    case invokeInParts(Invocation)
    /// More parts of the answer may follow; see ``ResponseWindow``.
    case moreParts(requestID: String)
    /// End the runtime (SIGTERM, then SIGKILL after the grace) and power off.
    case stop(graceMilliseconds: UInt32)
}

/// How the runtime is started.
package struct Initialization: Sendable, Equatable {
    package var arguments: [String]
    package var environment: [EnvironmentVariable]
    package var workingDirectory: String
    /// Whether `/runtime/restore/next` and the credentials endpoint exist (`AWS_LAMBDA_INITIALIZATION_TYPE=snap-start`).
    package var isSnapStart: Bool
    /// The identity of this boot: entropy, wall clock, credentials.
    package var uniqueness: Uniqueness

    package init(
        arguments: [String], environment: [EnvironmentVariable], workingDirectory: String, isSnapStart: Bool,
        uniqueness: Uniqueness
    ) {
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.isSnapStart = isSnapStart
        self.uniqueness = uniqueness
    }

    /// The runtimes that a function may bring along: the first that is there is started, with its own name as only argument.
    package static let bootstraps = ["/var/task/bootstrap", "/opt/bootstrap"]

    /// Where the program is looked for, in this order: a name without a slash in each directory of the function's `PATH`.
    package var programs: [String] {
        if isBootstrap { return Self.bootstraps }
        guard let name = arguments.first else { return [""] }
        guard !name.isEmpty, !name.contains("/"), let path = environment.last(where: { $0.name == "PATH" })?.value
        else { return [name] }
        return path.split(separator: ":", omittingEmptySubsequences: false).map { directory in
            directory.isEmpty ? "./\(name)" : "\(directory)/\(name)"
        }
    }

    /// Whether the function brings its runtime along.
    package var isBootstrap: Bool { arguments == [Self.bootstraps[0]] }

    /// No program was where one was looked for.
    package func notFound(errno: Int32) -> ExitReason {
        .notStarted(program: isBootstrap ? "" : arguments.first ?? "", errno: errno)
    }
}

package struct EnvironmentVariable: Sendable, Equatable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// What no two clones may share.
package struct Uniqueness: Sendable, Equatable {
    /// Greater with every sandbox of a host; none has another's, also after the server restarted.
    package var generation: UInt64
    /// 64 bytes from the host's `getrandom(2)`.
    package var entropy: [UInt8]
    /// CLOCK_REALTIME of the host, nanoseconds since 1970.
    package var wallClockNanoseconds: UInt64
    package var credentials: Credentials

    package static let entropyLength = 64

    package init(
        generation: UInt64, entropy: [UInt8], wallClockNanoseconds: UInt64, credentials: Credentials
    ) {
        self.generation = generation
        self.entropy = entropy
        self.wallClockNanoseconds = wallClockNanoseconds
        self.credentials = credentials
    }
}

/// What `GET /2021-04-23/credentials` serves. `authorizationToken` is what the caller must present; it is fixed at init
/// because the runtime's environment holds it, and travels in every snapshot of that version.
package struct Credentials: Sendable, Equatable {
    package var authorizationToken: String
    package var accessKeyID: String
    package var secretAccessKey: String
    package var sessionToken: String
    /// ISO 8601, UTC.
    package var expiration: String

    package init(
        authorizationToken: String, accessKeyID: String, secretAccessKey: String, sessionToken: String,
        expiration: String
    ) {
        self.authorizationToken = authorizationToken
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
    }
}

/// One event and the headers that `/runtime/invocation/next` gives with it.
package struct Invocation: Sendable, Equatable {
    package var requestID: String
    /// Milliseconds since 1970.
    package var deadlineMilliseconds: UInt64
    package var invokedFunctionARN: String
    package var traceID: String?
    /// Decoded JSON.
    package var clientContext: String?
    package var payload: [UInt8]

    package init(
        requestID: String, deadlineMilliseconds: UInt64, invokedFunctionARN: String, traceID: String? = nil,
        clientContext: String? = nil, payload: [UInt8]
    ) {
        self.requestID = requestID
        self.deadlineMilliseconds = deadlineMilliseconds
        self.invokedFunctionARN = invokedFunctionARN
        self.traceID = traceID
        self.clientContext = clientContext
        self.payload = payload
    }
}

// MARK: - Wire

extension HostMessage {
    private enum Kind: UInt8 {
        case initialize = 1
        case freeze = 2
        case thaw = 3
        case invoke = 4
        case stop = 5
        case rehearse = 6
        case invokeInParts = 7
        case moreParts = 8
    }

    /// The frame, length first.
    package func encoded() -> [UInt8] {
        switch self {
        case .initialize(let initialization):
            var writer = FrameWriter(type: Kind.initialize.rawValue, reserving: 4096)
            writer.put(initialization.arguments) { $0.put($1) }
            writer.put(initialization.environment) {
                $0.put($1.name)
                $0.put($1.value)
            }
            writer.put(initialization.workingDirectory)
            writer.put(UInt8(initialization.isSnapStart ? 1 : 0))
            initialization.uniqueness.encode(to: &writer)
            return writer.finish()
        case .freeze:
            return FrameWriter(type: Kind.freeze.rawValue).finish()
        case .rehearse:
            return FrameWriter(type: Kind.rehearse.rawValue).finish()
        case .thaw(let uniqueness):
            var writer = FrameWriter(type: Kind.thaw.rawValue, reserving: 512)
            uniqueness.encode(to: &writer)
            return writer.finish()
        case .invoke(let invocation):
            return Self.frame(.invoke, invocation)
        case .invokeInParts(let invocation):
            return Self.frame(.invokeInParts, invocation)
        case .moreParts(let requestID):
            var writer = FrameWriter(type: Kind.moreParts.rawValue)
            writer.put(requestID)
            return writer.finish()
        case .stop(let grace):
            var writer = FrameWriter(type: Kind.stop.rawValue)
            writer.put(grace)
            return writer.finish()
        }
    }

    private static func frame(_ kind: Kind, _ invocation: Invocation) -> [UInt8] {
        var writer = FrameWriter(type: kind.rawValue, reserving: invocation.payload.count + 512)
        writer.put(invocation.requestID)
        writer.put(invocation.deadlineMilliseconds)
        writer.put(invocation.invokedFunctionARN)
        writer.put(invocation.traceID)
        writer.put(invocation.clientContext)
        writer.put(invocation.payload)
        return writer.finish()
    }

    /// Decodes a frame that ``FrameDecoder`` cut.
    package init(frame: [UInt8]) throws(FrameError) {
        var (type, body) = try FrameReader.open(frame)
        guard let kind = Kind(rawValue: type) else { throw .unknownType(type) }
        switch kind {
        case .initialize:
            self = .initialize(
                Initialization(
                    arguments: try body.list { (reader) throws(FrameError) in try reader.string("argument") },
                    environment: try body.list { (reader) throws(FrameError) in
                        EnvironmentVariable(try reader.string("variable name"), try reader.string("variable value"))
                    },
                    workingDirectory: try body.string("working directory"),
                    isSnapStart: try body.integer(UInt8.self) != 0,
                    uniqueness: try Uniqueness(from: &body)))
        case .freeze: self = .freeze
        case .rehearse: self = .rehearse
        case .thaw: self = .thaw(try Uniqueness(from: &body))
        case .invoke: self = .invoke(try Invocation(from: &body))
        case .invokeInParts: self = .invokeInParts(try Invocation(from: &body))
        case .moreParts: self = .moreParts(requestID: try body.string("request id"))
        case .stop: self = .stop(graceMilliseconds: try body.integer())
        }
        try body.finish()
    }
}

extension Invocation {
    fileprivate init(from body: inout FrameReader) throws(FrameError) {
        requestID = try body.string("request id")
        deadlineMilliseconds = try body.integer()
        invokedFunctionARN = try body.string("function ARN")
        traceID = try body.optionalString("trace id")
        clientContext = try body.optionalString("client context")
        payload = try body.data()
    }
}

extension Uniqueness {
    func encode(to writer: inout FrameWriter) {
        writer.put(generation)
        writer.put(entropy)
        writer.put(wallClockNanoseconds)
        writer.put(credentials.authorizationToken)
        writer.put(credentials.accessKeyID)
        writer.put(credentials.secretAccessKey)
        writer.put(credentials.sessionToken)
        writer.put(credentials.expiration)
    }

    init(from body: inout FrameReader) throws(FrameError) {
        generation = try body.integer()
        entropy = try body.data()
        guard entropy.count == Uniqueness.entropyLength else { throw .invalidValue(field: "entropy") }
        wallClockNanoseconds = try body.integer()
        credentials = Credentials(
            authorizationToken: try body.string("authorization token"), accessKeyID: try body.string("access key id"),
            secretAccessKey: try body.string("secret access key"), sessionToken: try body.string("session token"),
            expiration: try body.string("expiration"))
    }
}
