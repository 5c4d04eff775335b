/// The time by which a call must be done: made once, where its limit is known, and handed down to everything that waits.
package struct Deadline: Sendable, Hashable, Comparable {
    package let instant: ContinuousClock.Instant
    /// What the whole call was given, which is what its errors name.
    package let limit: Duration

    /// Beyond what anybody waits for, and within what clocks can add.
    private static let longest = Duration.seconds(1 << 32)

    package init(in limit: Duration, from now: ContinuousClock.Instant = .now) {
        self.init(instant: now + min(max(.zero, limit), Self.longest), limit: limit)
    }

    private init(instant: ContinuousClock.Instant, limit: Duration) {
        (self.instant, self.limit) = (instant, limit)
    }

    package var remaining: Duration { remaining(at: .now) }

    /// Never less than zero.
    package func remaining(at now: ContinuousClock.Instant) -> Duration { max(.zero, instant - now) }

    package var hasPassed: Bool { remaining == .zero }

    /// With time added that somebody else answers for.
    package func later(by duration: Duration) -> Deadline { Deadline(instant: instant + duration, limit: limit) }

    package static func < (one: Deadline, other: Deadline) -> Bool { one.instant < other.instant }
}
