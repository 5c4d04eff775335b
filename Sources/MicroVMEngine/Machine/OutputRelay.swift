import GuestProtocol
import Sandboxes
import Synchronization

/// Where a sandbox's output goes; a clone prepared ahead learns it only when it is claimed.
final class OutputRelay: Sendable {
    private enum Destination {
        /// Nobody listens yet: a clone that is made ready runs for a moment, so this stays short, and is kept so.
        case none([Output])
        case sink(OutputSink)
    }

    /// Bytes; what a clone writes beyond that before it is claimed is lost.
    private static let heldLimit = 1 << 16
    private let destination: Mutex<Destination>

    init(_ sink: OutputSink? = nil) { destination = Mutex(sink.map { .sink($0) } ?? .none([])) }

    func send(_ output: Output) {
        let sink = destination.withLock { destination -> OutputSink? in
            switch destination {
            case .sink(let sink): return sink
            case .none(let held):
                let size = held.reduce(output.bytes.count) { $0 + $1.bytes.count }
                if size <= Self.heldLimit, held.count < Self.heldLimit / 64 { destination = .none(held + [output]) }
                return nil
            }
        }
        sink?(output)
    }

    func connect(to sink: @escaping OutputSink) {
        let held = destination.withLock { destination -> [Output] in
            defer { destination = .sink(sink) }
            if case .none(let held) = destination { return held }
            return []
        }
        for output in held { sink(output) }
    }
}
