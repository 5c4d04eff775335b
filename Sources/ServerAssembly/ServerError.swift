import SystemPackage

/// Why there is no server.
package enum ServerError: Error, CustomStringConvertible {
    case tooFewSlots(given: Int, needed: Int)
    case notRoot
    case notListening
    case addressInUse(String, Int)
    case cannotListen(String, Int, String)
    case stateInUse(StateDirectory, by: ServerRecord?)

    package var description: String {
        switch self {
        case .tooFewSlots(let given, let needed):
            "\(given) network slots are too few: --max-sandboxes and --ready need \(needed). Raise --slots, or lower those."
        case .notListening: "the server ended before it listened"
        case .addressInUse(let address, let port):
            "\(address):\(port) is in use. Stop what listens there, or choose another --port."
        case .cannotListen(let address, let port, let why):
            "cannot listen at \(address):\(port): \(why). Choose another --address or --port."
        case .stateInUse(let state, let record):
            """
            \(state.path) is in use by \(record.map { "the server at \($0.url), process \($0.process)" } ?? "another server"). \
            Stop that, or give this one a --state-dir, a --port and a --tunnel-port of its own.
            """
        case .notRoot: "sandboxes in namespaces of their own need root. Run the command as root, or with sudo."
        }
    }
}
