import Basics
import GuestProtocol
import Sandboxes
import Synchronization

/// Takes the parts of one response from the guest, and tells it when more of them are welcome.
///
/// They do not wait in the mailbox with everything else: there may be many of them, and whoever waits there waits for the end.
final class ResponseParts: Sendable {
    private struct Current {
        let requestID: String
        let response: ResponseStream
        /// What has come since the guest was last told to go on.
        var unconfirmed = 0
        /// Whether the client has to take something before the guest is.
        var isFull = false
    }

    private let current = Mutex<Current?>(nil)

    func expect(_ requestID: String, _ response: ResponseStream) {
        current.withLock { $0 = Current(requestID: requestID, response: response) }
    }

    /// What comes from now on belongs to no response.
    func stop() { current.withLock { $0 = nil } }

    func begin(_ requestID: String, contentType: String) {
        response(requestID)?.begin(contentType: contentType)
    }

    private func response(_ requestID: String) -> ResponseStream? {
        current.withLock { $0?.requestID == requestID ? $0?.response : nil }
    }

    enum Verdict {
        case taken
        /// The guest is to be told that more may follow.
        case wantsMore
        /// It has sent more than it may.
        case tooMuch
    }

    func take(_ requestID: String, _ bytes: [UInt8]) -> Verdict {
        current.withLock { current in
            guard let requested = current, requested.requestID == requestID else { return .taken }
            guard requested.unconfirmed < ResponseWindow.bytes else { return .tooMuch }
            current?.unconfirmed += bytes.count
            let hasRoom = requested.response.body.write(bytes)
            guard requested.unconfirmed + bytes.count >= ResponseWindow.bytes else { return .taken }
            guard hasRoom else {
                current?.isFull = true
                return .taken
            }
            current?.unconfirmed = 0
            return .wantsMore
        }
    }

    /// The client has taken what was there.
    /// - Returns: whether the guest is to be told.
    func makeRoom(_ requestID: String) -> Bool {
        current.withLock { current in
            guard current?.requestID == requestID, current?.isFull == true else { return false }
            current?.isFull = false
            current?.unconfirmed = 0
            return true
        }
    }
}
