/// One QMP command with its reply inside. Source: QEMU 7.2, "QEMU QMP Reference Manual".
package protocol QMPCommand: Encodable, Sendable {
    associatedtype Reply: Decodable & Sendable
    static var name: String { get }
}

/// The reply of a command that returns `{}`.
package struct QMPEmpty: Codable, Sendable {}

/// Leaves negotiation mode; nothing else is accepted before.
struct QMPCapabilities: QMPCommand {
    package typealias Reply = QMPEmpty
    static let name = "qmp_capabilities"
}

/// Stops all virtual CPUs.
struct StopMachine: QMPCommand {
    package typealias Reply = QMPEmpty
    static let name = "stop"
}

/// Starts the virtual CPUs.
struct ContinueMachine: QMPCommand {
    package typealias Reply = QMPEmpty
    static let name = "cont"
}

/// Names a descriptor that travels beside the command (SCM_RIGHTS) for use by later commands.
struct GetDescriptor: QMPCommand {
    package typealias Reply = QMPEmpty
    static let name = "getfd"
    let fdname: String
}

/// Makes a descriptor that travels beside the command (SCM_RIGHTS) a file name: `/dev/fdset/N`.
package struct AddDescriptor: QMPCommand {
    package static let name = "add-fd"
    let set: Int

    package init(set: Int) {
        self.set = set
    }

    package struct Reply: Codable, Sendable {
        package let set: Int
        enum CodingKeys: String, CodingKey { case set = "fdset-id" }
    }
    enum CodingKeys: String, CodingKey { case set = "fdset-id" }
}

/// `x-ignore-shared` leaves guest memory out of the stream, since it already is a file; `events` reports progress.
struct SetMigrationCapabilities: QMPCommand {
    package typealias Reply = QMPEmpty
    static let name = "migrate-set-capabilities"

    struct Capability: Encodable, Sendable {
        let capability: String
        let state: Bool
    }
    let capabilities: [Capability]

    static let stateOnly = SetMigrationCapabilities(capabilities: [
        Capability(capability: "x-ignore-shared", state: true),
        Capability(capability: "events", state: true),
    ])
}

/// Writes the device state to what ``QMPClient/passStream(_:)`` has handed over.
package struct Migrate: QMPCommand {
    package typealias Reply = QMPEmpty
    package static let name = "migrate"
    let uri: String

    package init(uri: String) {
        self.uri = uri
    }

}

/// Reads the device state from there.
struct MigrateIncoming: QMPCommand {
    package typealias Reply = QMPEmpty
    static let name = "migrate-incoming"
    let uri: String
}

/// An asynchronous event; only what the engine acts on is kept.
package struct QMPEvent: Sendable, Equatable {
    static let migration = "MIGRATION"

    package let name: String
    /// `data.status`, which `MIGRATION` carries.
    package let status: String?
}

/// Why a QMP exchange failed.
package enum QMPError: Error, Sendable, CustomStringConvertible {
    /// QEMU answered with an error.
    case refused(command: String, description: String)
    case malformed(String)
    case timedOut(String)
    case closed

    package var description: String {
        switch self {
        case .refused(let command, let description): "QEMU refused \(command): \(description)"
        case .malformed(let line): "QEMU sent something that is not QMP: \(line.prefix(200))"
        case .timedOut(let what): "QEMU did not answer \(what) in time"
        case .closed: "QEMU closed its control socket"
        }
    }
}
