/// How much functions may log, and how long it is kept.
package struct LogLimits: Sendable, Equatable {
    /// Since a file was last written.
    package var age: Duration
    /// The same for a function that has been deleted.
    package var ageOfDeleted: Duration
    /// On disk, for each function and for all; the oldest files go first.
    package var bytesOfFunction: Int64
    package var bytes: Int64
    /// What a function may write for long; what comes faster is dropped and counted.
    package var bytesPerSecond: Int

    package init(
        age: Duration = .seconds(30 * 86_400), ageOfDeleted: Duration = .seconds(7 * 86_400),
        bytesOfFunction: Int64 = 100 << 20, bytes: Int64 = 2 << 30, bytesPerSecond: Int = 4 << 20
    ) {
        self.age = age
        self.ageOfDeleted = ageOfDeleted
        self.bytesOfFunction = bytesOfFunction
        self.bytes = bytes
        self.bytesPerSecond = bytesPerSecond
    }

    /// What a function that was quiet may write at once.
    var burst: Int { 8 * bytesPerSecond }

    /// Where a stream goes on in another file, so that the oldest can be removed while it is written.
    var bytesOfFile: Int64 { max(1, bytesOfFunction / 8) }
}

/// One log stream of a function.
package struct LogFile: Sendable, Hashable {
    package let function: String
    /// As CloudWatch names it: `2023/07/05/[56]` and 32 hex digits.
    package let stream: String
}

/// What a function may still write: a bucket that fills with time.
struct LogBudget {
    private var tokens: Int
    private var filledAt: Duration
    /// Until there is room for a second's writing again: whoever floods is cut into few pieces.
    private var isDropping = false
    /// Of the function's lines, those that wait for the disk.
    var queued = 0

    init(_ limits: LogLimits, at now: Duration) { (tokens, filledAt) = (limits.burst, now) }

    /// - Parameter always: the platform's own lines, which are few.
    mutating func take(_ count: Int, always: Bool, _ limits: LogLimits, at now: Duration) -> Bool {
        fill(limits, at: now)
        if isDropping, tokens >= limits.bytesPerSecond { isDropping = false }
        if !always, isDropping || tokens < min(count, limits.burst) {
            isDropping = true
            return false
        }
        tokens -= count
        return true
    }

    mutating func isFull(_ limits: LogLimits, at now: Duration) -> Bool {
        fill(limits, at: now)
        return tokens == limits.burst
    }

    private mutating func fill(_ limits: LogLimits, at now: Duration) {
        let new = (now - filledAt) / .seconds(1) * Double(limits.bytesPerSecond)
        guard new >= 1 else { return }
        tokens = min(limits.burst, tokens + Int(min(new, Double(2 * limits.burst))))
        filledAt = now
    }
}
