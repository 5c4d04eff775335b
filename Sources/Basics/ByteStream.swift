internal import Synchronization

/// Bytes on their way from one producer, which must not wait, to one consumer, which may.
///
/// The producer is told when more has been written than is to wait here; it stops reading from its own source until ``init(limit:)``'s
/// stream calls what it was given by ``onRoom(_:)``. Both may be on any thread.
package final class ByteStream: Sendable {
    private struct State {
        var parts: [[UInt8]] = []
        var held = 0
        /// Whether the producer was told to wait, and not yet to go on.
        var isHeldBack = false
        var isEnded = false
        var isAbandoned = false
        var consumer: CheckedContinuation<Void, Never>?
        var onRoom: (@Sendable () -> Void)?
    }

    private let limit: Int
    private let state = Mutex(State())

    /// - Parameter limit: how many bytes may wait for the consumer before the producer is told to.
    package init(limit: Int) { self.limit = limit }

    // MARK: - The producer

    /// Whom to tell, after a write that left no room, that there is room again. Called without any lock of the stream's.
    package func onRoom(_ call: @escaping @Sendable () -> Void) { state.withLock { $0.onRoom = call } }

    /// - Returns: whether more may follow at once. What is written is kept all the same, until nobody wants it any more.
    @discardableResult
    package func write(_ bytes: [UInt8]) -> Bool {
        let (consumer, hasRoom) = state.withLock { state -> (CheckedContinuation<Void, Never>?, Bool) in
            guard !state.isEnded, !state.isAbandoned, !bytes.isEmpty else { return (nil, true) }
            state.parts.append(bytes)
            state.held += bytes.count
            state.isHeldBack = state.held > limit
            return (state.consumer.take(), !state.isHeldBack)
        }
        consumer?.resume()
        return hasRoom
    }

    /// Nothing more is written. Safe to call twice.
    package func end() {
        let consumer = state.withLock { state in
            state.isEnded = true
            state.onRoom = nil
            return state.consumer.take()
        }
        consumer?.resume()
    }

    // MARK: - The consumer

    /// All that has been written and not been taken yet, as soon as there is something; nil at the end.
    package func next() async -> [UInt8]? {
        while true {
            switch take() {
            case .bytes(let bytes, let wake):
                wake?()
                return bytes
            case .end: return nil
            case .nothing: await wait()
            }
        }
    }

    /// Nobody wants what is still to come: the producer goes on, and what it writes is dropped.
    package func abandon() {
        let wake = state.withLock { state -> (@Sendable () -> Void)? in
            state.isAbandoned = true
            state.parts = []
            state.held = 0
            return Self.room(&state)
        }
        wake?()
    }

    private enum Taken {
        case bytes([UInt8], wake: (@Sendable () -> Void)?)
        case nothing
        case end
    }

    private func take() -> Taken {
        state.withLock { state in
            guard !state.parts.isEmpty else { return state.isEnded || state.isAbandoned ? .end : .nothing }
            let bytes = state.parts.count == 1 ? state.parts[0] : Array(state.parts.joined())
            state.parts.removeAll(keepingCapacity: true)
            state.held = 0
            return .bytes(bytes, wake: Self.room(&state))
        }
    }

    private static func room(_ state: inout State) -> (@Sendable () -> Void)? {
        defer { state.isHeldBack = false }
        return state.isHeldBack ? state.onRoom : nil
    }

    private func wait() async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                guard state.parts.isEmpty, !state.isEnded, !state.isAbandoned else { return true }
                state.consumer = continuation
                return false
            }
            if isThere { continuation.resume() }
        }
    }
}
