package import GuestProtocol

// The Extensions API for extensions in the runtime's own process: threads of it, or what its wrapper became. AWS calls them
// internal. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html

extension RuntimeAPIServer {
    private static let longestWord = 255

    /// What extensions are told of their function.
    package func setFunction(_ function: FunctionIdentity) { self.function = function }

    /// The names of the extensions that have registered.
    package var extensionNames: [String] { extensions.members.map(\.name) }

    /// Whether a call blocks on this connection.
    func isHeld(_ connection: Connection) -> Bool {
        connection === blocked || (!extensions.isEmpty && extensions.waits(on: connection))
    }

    // MARK: - What extensions hold

    /// Tells what the runtime has come to, as soon as every extension has.
    func announce(_ event: RuntimeEvent) {
        guard !extensions.isEmpty else { return onEvent(event) }
        awaited = event
        announceAwaited()
    }

    private func announceAwaited() {
        guard let event = awaited, extensions.allWait else { return }
        awaited = nil
        if case .initialized = event { onEvent(.extensionsReported(extensions.reports)) }
        onEvent(event)
    }

    /// Hands the event that the runtime has just got to the extensions that want it.
    func tellExtensions(_ body: [UInt8]) {
        var released: [Connection] = []
        for index in extensions.members.indices where extensions[index].receivesInvoke {
            guard case .ready(let connection) = extensions[index].state else { continue }
            guard let connection else {
                extensions[index].missed = body
                continue
            }
            extensions[index].state = .running
            answer(connection, ExtensionText.event(body))
            released.append(connection)
        }
        for connection in released { serve(connection) }
    }

    // MARK: - What extensions call

    func register(_ request: HTTPRequest, on connection: Connection) {
        guard let name = Self.word(request.extensionName) else {
            return refuse(connection, "Extension.InvalidExtensionName", "Empty extension name")
        }
        guard case .bytes(let bytes) = request.body, let body = RegisterBody(bytes) else {
            return refuse(connection, "InvalidRequestFormat", "the body is not a JSON object with a list of events")
        }
        for event in body.events where event != "INVOKE" {
            let why = event == "SHUTDOWN" ? "ShutdownEventNotSupportedForInternalExtension" : "ErrorInvalidEventType"
            return refuse(connection, "Extension.InvalidEventType", "\(event): \(why)")
        }
        guard case .started = state else {
            return refuse(connection, "Extension.RegistrationClosed", "Extension registration closed already")
        }
        guard extensions.members.count < ExtensionRegistry.limit else {
            return refuse(
                connection, "Extension.TooManyExtensions", "Extension limit (\(ExtensionRegistry.limit)) reached")
        }
        guard !extensions.has(name: name) else {
            return refuse(
                connection, "Extension.InvalidExtensionState", "Extension with this name already registered")
        }
        let member = ExtensionRegistry.Member(
            name: name, id: ExtensionText.makeID(), events: body.events.isEmpty ? [] : ["INVOKE"])
        extensions.add(member)
        answer(connection, ExtensionText.registered(member.id, function))
    }

    func nextEvent(_ request: HTTPRequest, on connection: Connection) {
        guard let id = identifier(request, connection) else { return }
        guard let index = extensions.index(of: id) else {
            return refuse(connection, "Extension.UnknownExtensionIdentifier", "Unknown extension \(id)")
        }
        switch extensions[index].state {
        case .registered, .running, .ready(nil): break
        case .ready, .initError, .exitError: return refuse(connection, extensions[index], to: "Ready")
        }
        if let missed = extensions[index].missed {
            extensions[index].missed = nil
            extensions[index].state = .running
            return answer(connection, ExtensionText.event(missed))
        }
        extensions[index].state = .ready(connection)
        announceAwaited()
    }

    func extensionInitError(_ request: HTTPRequest, on connection: Connection) {
        guard let (index, type) = failing(request, connection) else { return }
        switch extensions[index].state {
        case .registered: break
        case .initError: return answer(connection, ResponseText.accepted)
        case .ready, .running, .exitError: return refuse(connection, extensions[index], to: "InitError")
        }
        extensions[index].state = .initError
        extensions[index].errorType = type
        answer(connection, ResponseText.accepted)
        fail("Extension.InitError", extensions[index], type)
    }

    func extensionExitError(_ request: HTTPRequest, on connection: Connection) {
        guard let (index, type) = failing(request, connection) else { return }
        switch extensions[index].state {
        case .registered, .ready, .running: break
        case .exitError: return answer(connection, ResponseText.accepted)
        case .initError: return refuse(connection, extensions[index], to: "ExitError")
        }
        extensions[index].state = .exitError
        extensions[index].errorType = type
        answer(connection, ResponseText.accepted)
        fail("Extension.ExitError", extensions[index], type)
    }

    // MARK: - Failures

    /// Init or the invocation under way has failed; after that the sandbox never becomes idle again, and is ended.
    private func fail(_ type: String, _ member: ExtensionRegistry.Member, _ reason: String) {
        let failure = RuntimeFailure(errorType: type, body: ExtensionText.failure(type, of: member.name, reason))
        switch (state, awaited) {
        case (.started, _), (_, .initialized):
            awaited = nil
            onEvent(.extensionsReported(extensions.reports))
            onEvent(.initializationFailed(failure))
        case (.running, _):
            guard let invocation, let next = try? state.answered(invocation.requestIDBytes, withError: true) else {
                return
            }
            state = next
            self.invocation = nil
            onEvent(.invocationFailed(requestID: invocation.requestID, failure))
        default: break
        }
    }

    /// The extension that reports an error, and its word for it.
    private func failing(_ request: HTTPRequest, _ connection: Connection) -> (index: Int, type: String)? {
        guard let id = identifier(request, connection) else { return nil }
        guard let type = Self.word(request.extensionErrorType) else {
            refuse(connection, "Extension.MissingHeader", "Lambda-Extension-Function-Error-Type not found")
            return nil
        }
        guard let index = extensions.index(of: id) else {
            refuse(connection, "Extension.UnknownExtensionIdentifier", "Unknown Lambda-Extension-Identifier")
            return nil
        }
        return (index, type)
    }

    /// What an extension calls something, as a line of the log can have it.
    private static func word(_ bytes: [UInt8]) -> String? {
        guard !bytes.isEmpty else { return nil }
        let tab = UInt8(ascii: "\t")
        return String(decoding: bytes.prefix(longestWord).map { $0 == tab ? UInt8(ascii: " ") : $0 }, as: UTF8.self)
    }

    private func identifier(_ request: HTTPRequest, _ connection: Connection) -> String? {
        let given = request.extensionIdentifier
        guard !given.isEmpty else {
            refuse(
                connection, "Extension.MissingExtensionIdentifier", "Missing Lambda-Extension-Identifier header")
            return nil
        }
        guard ExtensionText.isID(given), let id = String(validating: given, as: UTF8.self) else {
            refuse(connection, "Extension.InvalidExtensionIdentifier", "Invalid Lambda-Extension-Identifier")
            return nil
        }
        return id.lowercased()
    }

    private func refuse(_ connection: Connection, _ type: String, _ message: String) {
        answer(connection, ExtensionText.refusal(type, message))
    }

    private func refuse(_ connection: Connection, _ member: ExtensionRegistry.Member, to state: String) {
        refuse(
            connection, "Extension.InvalidExtensionState",
            """
            State transition from \(member.state.name) to \(state) failed for extension \(member.id). \
            Error: State transition is not allowed
            """)
    }
}
