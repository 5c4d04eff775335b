import Synchronization

/// Bytes that several tasks count together.
final class ByteCounter: Sendable {
    private let total = Atomic<Int64>(0)

    /// - Returns: how many there are then.
    func add(_ bytes: Int) -> Int64 { total.add(Int64(bytes), ordering: .relaxed).newValue }
}
