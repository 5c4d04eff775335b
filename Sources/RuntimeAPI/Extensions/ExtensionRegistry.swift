internal import GuestProtocol

/// The extensions of a sandbox that run in the runtime's own process, and where each of them stands.
///
/// ```
/// registered ──event/next──▶ ready ──INVOKE──▶ running ──event/next──▶ ready
///     └──init/error──▶ initError          exit/error: any of these ──▶ exitError
/// ```
struct ExtensionRegistry {
    struct Member {
        enum State {
            case registered
            /// Waits for its next event, as long as the client does not give up.
            case ready(Connection?)
            case running
            case initError, exitError

            /// AWS's name, as messages and log lines have it.
            var name: String {
                switch self {
                case .registered: "Registered"
                case .ready: "Ready"
                case .running: "Running"
                case .initError: "InitError"
                case .exitError: "ExitError"
                }
            }
        }

        let name: String
        let id: String
        let events: [String]
        var state = State.registered
        /// What it said of its own failure.
        var errorType: String?
        /// An event that came while its client had given up.
        var missed: [UInt8]?

        var receivesInvoke: Bool { events.contains("INVOKE") }
    }

    /// AWS's limit.
    static let limit = 10

    private(set) var members: [Member] = []

    var isEmpty: Bool { members.isEmpty }

    /// Whether nobody works on an event, or is yet to ask for its first.
    var allWait: Bool { members.allSatisfy { if case .ready = $0.state { true } else { false } } }

    var reports: [ExtensionReport] {
        members.map {
            ExtensionReport(name: $0.name, state: $0.state.name, events: $0.events, errorType: $0.errorType)
        }
    }

    func index(of id: String) -> Int? { members.firstIndex { $0.id == id } }

    subscript(index: Int) -> Member {
        get { members[index] }
        set { members[index] = newValue }
    }

    func has(name: String) -> Bool { members.contains { $0.name == name } }

    mutating func add(_ member: Member) { members.append(member) }

    /// Whether some extension waits on this connection.
    func waits(on connection: Connection) -> Bool {
        members.contains { if case .ready(let own) = $0.state { own === connection } else { false } }
    }

    /// A connection has closed: whoever waited on it may ask again.
    mutating func lost(_ connection: Connection) {
        for index in members.indices {
            if case .ready(let own) = members[index].state, own === connection { members[index].state = .ready(nil) }
        }
    }
}
