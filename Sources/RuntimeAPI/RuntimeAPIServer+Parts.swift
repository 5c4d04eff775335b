internal import Basics
internal import GuestProtocol
internal import LinuxKit
internal import SystemPackage

// A response that is handed on in parts while the runtime still writes it.

extension RuntimeAPIServer {
    /// AWS's limit of a streamed response.
    package static let longestStream = 209_715_200

    /// The one response that is on its way in parts.
    struct PartedResponse {
        let connection: Connection
        let requestID: String
        let contentType: String
        var length = 0
        var isAnnounced = false
        /// Whether no more is to be read at the moment.
        var isPaused = false
        /// Whether its connection has been taken out of the event queue for that.
        var isUnwatched = false
        /// Longer than it may be: what else comes is dropped.
        var isDropped = false
    }

    // MARK: - The platform's side

    /// Whether the response to this invocation is on its way.
    package func isSendingParts(of requestID: String) -> Bool { parted?.requestID == requestID }

    /// No part is to follow those that have been read, until ``resumeResponse()``: the runtime waits once its socket is full.
    package func pauseResponse() { parted?.isPaused = true }

    package func resumeResponse() {
        guard let response = parted, response.isPaused else { return }
        parted?.isPaused = false
        watchAgain(response)
    }

    // MARK: - Connections

    /// Whether the body of this request, whose head has come, is handed on in parts; from then on it is.
    func beginsParts(_ request: HTTPRequest, on connection: Connection) -> Bool {
        guard request.method == .post, case .invocationResponse(let requestID) = request.route, parted == nil,
            let invocation, invocation.wantsParts, let next = state.beganAnswer(requestID)
        else { return false }
        state = next
        parted = PartedResponse(
            connection: connection, requestID: invocation.requestID,
            contentType: String(validating: request.contentType, as: UTF8.self) ?? "")
        return true
    }

    /// Tells what has come on this connection, if that is a response in parts.
    func handOn(_ connection: Connection) {
        guard let response = parted, response.connection === connection else { return }
        if !response.isAnnounced {
            parted?.isAnnounced = true
            onEvent(.responseBegan(requestID: response.requestID, contentType: response.contentType))
        }
        guard let part = connection.parser.takePart(), !response.isDropped else { return }
        let length = response.length + part.count
        parted?.length = length
        guard length > Self.longestStream else {
            onEvent(.responsePart(requestID: response.requestID, part))
            return
        }
        parted?.isDropped = true
        parted?.isPaused = false
        if let next = state.endedAnswer() { state = next }
        invocation = nil
        var body: [UInt8] = []
        body.append(ResponseText.oversizedStream)
        onEvent(
            .invocationFailed(
                requestID: response.requestID,
                RuntimeFailure(errorType: "Function.ResponseSizeTooLarge", body: body)))
    }

    /// Stops listening to the connection of a response for which there is no room.
    func holdBack(_ connection: Connection) {
        guard isHeldBack(connection), parted?.isUnwatched == false else { return }
        // Out of the queue rather than without interest in it: a peer that is gone would be told of again and again.
        guard (try? queue.remove(connection.descriptor)) != nil else { return close(connection) }
        parted?.isUnwatched = true
    }

    /// Whether there is no room for what else comes on this connection.
    func isHeldBack(_ connection: Connection) -> Bool { parted?.connection === connection && parted?.isPaused == true }

    private func watchAgain(_ response: PartedResponse) {
        guard response.isUnwatched else { return }
        parted?.isUnwatched = false
        let connection = response.connection
        if (try? queue.add(connection.descriptor, .readable, token: connection.token)) == nil { close(connection) }
    }

    /// All of the response has come, and its trailers.
    func endParts(_ request: HTTPRequest, on connection: Connection) {
        guard let response = parted, response.connection === connection else { return }
        watchAgain(response)
        parted = nil
        guard !response.isDropped, let next = state.endedAnswer() else {
            answer(connection, ResponseText.tooLarge)
            return
        }
        state = next
        invocation = nil
        answer(connection, ResponseText.accepted)
        if request.failedInTrailers {
            onEvent(.invocationFailed(requestID: response.requestID, trailingFailure(of: request)))
        } else {
            onEvent(.responseEnded(requestID: response.requestID))
        }
    }

    /// What the trailers say of a streamed answer that failed half way.
    func trailingFailure(of request: HTTPRequest) -> RuntimeFailure {
        RuntimeFailure(
            errorType: ErrorType.validated(request.errorType), body: Base64.decode(request.trailingErrorBody) ?? [])
    }

    /// The connection has closed. What became of the rest is told by what the runtime does next: it ends, asks for its next event,
    /// or reports an error.
    func breakOffParts(on connection: Connection) {
        guard let response = parted, response.connection === connection else { return }
        parted = nil
        if let next = state.brokeOffAnswer() { state = next }
    }

    /// The runtime asks for more instead of what is missing of its answer.
    func failTruncated() {
        guard let invocation else { return }
        self.invocation = nil
        onEvent(
            .invocationFailed(
                requestID: invocation.requestID, RuntimeFailure(errorType: "Runtime.TruncatedResponse", body: [])))
    }
}
