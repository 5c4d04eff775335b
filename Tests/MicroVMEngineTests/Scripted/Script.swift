import GuestProtocol

/// What a scripted machine does: as QEMU and the guest supervisor do, but for some moments.
struct Script: Sendable {
    /// Where it departs, and how.
    var departures: [Moment: Deed] = [:]
    /// What it greets with: major, minor, micro.
    var version = (10, 0, 2)

    /// A step of the conversation: what has been asked, or what the machine says by itself.
    enum Moment: String, Sendable {
        case start
        case greeting
        case capabilities = "qmp_capabilities"
        case migrationCapabilities = "migrate-set-capabilities"
        case addDescriptor = "add-fd"
        case getDescriptor = "getfd"
        case stop
        case resume = "cont"
        case save = "migrate"
        case load = "migrate-incoming"
        /// The event that ends either of the two.
        case migrated
        case hello, initialize, freeze, rehearse, thaw, restored, invoke, idle
    }

    enum Deed: Sendable, CustomStringConvertible {
        /// There is no process.
        case doesNotStart
        /// Nothing more on that channel until the test has it answer.
        case silent
        case dies
        /// Dies as the kernel ends a process that writes to a mapped file for which there is no room.
        case runsOutOfRoom
        /// These bytes in place of the answer.
        case sends([UInt8])
        /// These bytes first, then the answer.
        case floods([UInt8])

        var description: String {
            switch self {
            case .doesNotStart: "does not start"
            case .silent: "is silent"
            case .dies: "dies"
            case .runsOutOfRoom: "runs out of room"
            case .sends(let bytes):
                "sends \(bytes.count) bytes: \(String(decoding: bytes.prefix(40), as: UTF8.self).debugDescription)"
            case .floods(let bytes): "sends \(bytes.count) bytes too much"
            }
        }
    }

    static func at(_ moment: Moment, _ deed: Deed) -> Script { Script(departures: [moment: deed]) }
}

extension Script.Deed {
    static func says(_ messages: GuestMessage...) -> Script.Deed { .sends(messages.flatMap { $0.encoded() }) }
    static func answers(_ line: String) -> Script.Deed { .sends(Array("\(line)\r\n".utf8)) }

    static let refuses = answers(#"{"error": {"class": "GenericError", "desc": "refused by the script"}}"#)
    /// A second greeting: QMP, but not now.
    static let greetsAgain = answers(ScriptedMachine.greeting(10, 0, 2))
    static let isNotJSON = answers("\u{1}\u{ff}garbage{")
    /// QMP's shape with nothing of its content.
    static let isNotQMP = answers(#"{"something": "else"}"#)
    /// A line of two megabytes, without end.
    static let neverEndsLine = sends([UInt8](repeating: UInt8(ascii: "x"), count: 2 << 20))

    static let speaksOutOfTurn = says(.idle(maximumMemoryBytes: 7))
    static let isNoFrame = sends([6, 0, 0, 0, 99, 255, 1, 2, 3, 4])
    /// The length of a frame longer than any may be.
    static let announcesTooMuch = sends([0xff, 0xff, 0xff, 0x7f])
    static let reportsFault = says(.fault("a fault of the script"))
    static let losesRuntime = says(.runtimeExited(.killed(signal: 9)))
    /// More messages than anybody would ever ask for.
    static let chatters = sends(
        Array(repeatElement(GuestMessage.idle(maximumMemoryBytes: 7).encoded(), count: 10_000).joined()))
}
