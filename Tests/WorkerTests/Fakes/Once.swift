import Synchronization

/// True the first time it is asked.
final class Once: Sendable {
    private let asked = Mutex(false)

    var isNow: Bool {
        asked.withLock { asked in
            defer { asked = true }
            return !asked
        }
    }
}
