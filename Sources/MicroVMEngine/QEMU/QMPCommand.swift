/// One QMP command with its reply inside. Source: QEMU 7.2, "QEMU QMP Reference Manual".
protocol QMPCommand: Encodable, Sendable {
    associatedtype Reply: Decodable & Sendable
    static var name: String { get }
}

/// The reply of a command that returns `{}`.
struct QMPEmpty: Codable, Sendable {}

/// Leaves negotiation mode; nothing else is accepted before.
struct QMPCapabilities: QMPCommand {
    typealias Reply = QMPEmpty
    static let name = "qmp_capabilities"
}

/// Stops all virtual CPUs.
struct StopMachine: QMPCommand {
    typealias Reply = QMPEmpty
    static let name = "stop"
}

/// Starts the virtual CPUs.
struct ContinueMachine: QMPCommand {
    typealias Reply = QMPEmpty
    static let name = "cont"
}

/// Names a descriptor that travels beside the command (SCM_RIGHTS) for use by later commands.
struct GetDescriptor: QMPCommand {
    typealias Reply = QMPEmpty
    static let name = "getfd"
    let fdname: String
}

/// Makes a descriptor that travels beside the command (SCM_RIGHTS) a file name: `/dev/fdset/N`.
struct AddDescriptor: QMPCommand {
    static let name = "add-fd"
    let set: Int

    struct Reply: Codable, Sendable {
        let set: Int
        enum CodingKeys: String, CodingKey { case set = "fdset-id" }
    }
    enum CodingKeys: String, CodingKey { case set = "fdset-id" }
}

/// `x-ignore-shared` leaves guest memory out of the stream, since it already is a file; `events` reports progress.
struct SetMigrationCapabilities: QMPCommand {
    typealias Reply = QMPEmpty
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
struct Migrate: QMPCommand {
    typealias Reply = QMPEmpty
    static let name = "migrate"
    let uri: String
}

/// Reads the device state from there.
struct MigrateIncoming: QMPCommand {
    typealias Reply = QMPEmpty
    static let name = "migrate-incoming"
    let uri: String
}

/// An asynchronous event; only what the engine acts on is kept.
struct QMPEvent: Sendable, Equatable {
    static let migration = "MIGRATION"

    let name: String
    /// `data.status`, which `MIGRATION` carries.
    let status: String?
}

/// Why a QMP exchange failed.
enum QMPError: Error, Sendable, CustomStringConvertible {
    /// QEMU answered with an error.
    case refused(command: String, description: String)
    case malformed(String)
    case timedOut(String)
    case closed

    var description: String {
        switch self {
        case .refused(let command, let description): "QEMU refused \(command): \(description)"
        case .malformed(let line): "QEMU sent something that is not QMP: \(line.prefix(200))"
        case .timedOut(let what): "QEMU did not answer \(what) in time"
        case .closed: "QEMU closed its control socket"
        }
    }
}
