import Logging
import NIOCore
import Synchronization

/// The open connections of a server, and the bytes that they hold.
package final class Connections: Sendable {
    /// One of them.
    final class Entry: Sendable {
        let channel: any Channel
        /// Since when the client is waited for, in nanoseconds of the monotonic clock; 0 while it waits for us.
        let waitingSince = Atomic<UInt64>(0)

        init(_ channel: any Channel) { self.channel = channel }
    }

    private struct State {
        var open: [ObjectIdentifier: Entry] = [:]
        var isFull = false
        var bytes = 0
        /// Answers that their clients do not take at once, by connection.
        var answers: [ObjectIdentifier: (since: UInt64, bytes: Int)] = [:]
    }

    let limits: ConnectionLimits
    private let logger: Logger
    private let state = Mutex(State())

    init(_ limits: ConnectionLimits, logger: Logger) {
        self.limits = limits
        self.logger = logger
    }

    // MARK: - Number

    func open(_ channel: any Channel) -> Entry {
        let entry = Entry(channel)
        let (isBeyond, isFirst) = state.withLock { state in
            state.open[ObjectIdentifier(entry)] = entry
            guard state.open.count > limits.connections else { return (false, false) }
            defer { state.isFull = true }
            return (true, !state.isFull)
        }
        if isFirst {
            logger.warning(
                "as many connections as there may be: those that wait longest for their clients are closed",
                metadata: ["connections": "\(limits.connections)"])
        }
        // All others are at work, which is worth more than what this one may ask.
        if isBeyond, !makeRoom() { channel.close(promise: nil) }
        return entry
    }

    func close(_ entry: Entry) {
        state.withLock { state in
            state.open[ObjectIdentifier(entry)] = nil
            if state.open.count < limits.connections / 2 { state.isFull = false }
        }
    }

    /// Closes some of the connections that have waited longest for their clients: several, because it looks at all.
    /// - Returns: whether there was one.
    @discardableResult
    func makeRoom() -> Bool {
        let open = state.withLock { Array($0.open.values) }
        let waiting = open.compactMap { entry -> (since: UInt64, entry: Entry)? in
            let since = entry.waitingSince.load(ordering: .relaxed)
            return since == 0 ? nil : (since, entry)
        }
        let oldest = waiting.sorted { $0.since < $1.since }.prefix(max(1, limits.connections / 32))
        for item in oldest { item.entry.channel.close(promise: nil) }
        return !oldest.isEmpty
    }

    // MARK: - Bytes

    /// Counts bytes of a request; false when there is no room for them.
    func take(_ bytes: Int) -> Bool {
        state.withLock { state in
            guard state.bytes + bytes <= limits.bytesInFlight else { return false }
            state.bytes += bytes
            return true
        }
    }

    func giveBack(_ bytes: Int) {
        if bytes > 0 { state.withLock { $0.bytes -= bytes } }
    }

    /// Counts an answer that its client does not take at once. Where there is no room the connection whose client has been slow
    /// longest is closed, whichever that is.
    func hold(answer bytes: Int, of entry: Entry) {
        let slowest = state.withLock { state -> Entry? in
            let id = ObjectIdentifier(entry)
            let before = state.answers[id]
            state.bytes += bytes - (before?.bytes ?? 0)
            state.answers[id] = (before?.since ?? NIODeadline.now().uptimeNanoseconds, bytes)
            guard state.bytes > limits.bytesInFlight else { return nil }
            return state.answers.min { $0.value.since < $1.value.since }.flatMap { state.open[$0.key] }
        }
        slowest?.channel.close(promise: nil)
    }

    /// The client has taken the answer, or is gone.
    func release(answerOf entry: Entry) {
        state.withLock { state in
            if let answer = state.answers.removeValue(forKey: ObjectIdentifier(entry)) { state.bytes -= answer.bytes }
        }
    }
}
