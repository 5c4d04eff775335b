import Foundation

/// What QEMU sends, one JSON object a line.
package enum QMPMessage: Sendable {
    /// The first line: QEMU's version.
    case greeting(QEMUVersion)
    /// The reply to the oldest unanswered command; the bytes are the whole line.
    case reply(Data)
    case failure(String)
    case event(QMPEvent)

    private struct Greeting: Decodable {
        struct Version: Decodable {
            struct Numbers: Decodable { let major, minor, micro: Int }
            let qemu: Numbers
            let package: String
        }
        let version: Version

        var qemu: QEMUVersion {
            QEMUVersion(
                major: version.qemu.major, minor: version.qemu.minor, micro: version.qemu.micro,
                package: version.package)
        }
    }

    private struct Envelope: Decodable {
        struct Failure: Decodable { let desc: String }
        struct EventData: Decodable {
            let status: String?

            init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: CodingKeys.self)
                // Other events carry a status that is not text; those are of no interest.
                status = try? container.decodeIfPresent(String.self, forKey: .status)
            }

            enum CodingKeys: String, CodingKey { case status }
        }
        let error: Failure?
        let event: String?
        let data: EventData?
        let greeting: Greeting?
        let hasReturn: Bool

        enum CodingKeys: String, CodingKey {
            case error, event, data
            case greeting = "QMP"
            case reply = "return"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            error = try container.decodeIfPresent(Failure.self, forKey: .error)
            event = try container.decodeIfPresent(String.self, forKey: .event)
            data = try container.decodeIfPresent(EventData.self, forKey: .data)
            greeting = try container.decodeIfPresent(Greeting.self, forKey: .greeting)
            hasReturn = container.contains(.reply)
        }
    }

    package init(line: Data) throws(QMPError) {
        let envelope: Envelope
        do { envelope = try JSONDecoder().decode(Envelope.self, from: line) } catch {
            throw .malformed(String(decoding: line, as: UTF8.self))
        }
        if let failure = envelope.error {
            self = .failure(failure.desc)
        } else if let event = envelope.event {
            self = .event(QMPEvent(name: event, status: envelope.data?.status))
        } else if envelope.hasReturn {
            self = .reply(line)
        } else if let greeting = envelope.greeting {
            self = .greeting(greeting.qemu)
        } else {
            throw .malformed(String(decoding: line, as: UTF8.self))
        }
    }
}

/// The JSON of one command: `{"execute": name, "arguments": {…}}`.
package struct QMPRequest<Command: QMPCommand>: Encodable {
    let command: Command

    package init(command: Command) {
        self.command = command
    }

    enum CodingKeys: String, CodingKey { case execute, arguments }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(Command.name, forKey: .execute)
        try container.encode(command, forKey: .arguments)
    }
}

/// Picks `return` out of a reply line.
package struct QMPReply<Reply: Decodable>: Decodable {
    package let reply: Reply

    enum CodingKeys: String, CodingKey { case reply = "return" }
}
