/// Where one slot is in its life. The only ways from one state to another are the methods; each says whether it was taken.
///
/// ```
/// building ──▶ free ──▶ claimed ──▶ draining ──▶ resetting ──▶ free, if nobody used it
///  ▲  ▲                                ▲              │
///  │  │                                └── not yet ───┤
///  │  └─────────────────── clean, and used ───────────┤
///  └────────────── quarantined ◀── not clean ─────────┘
/// ```
package enum SlotState: Sendable {
    /// Its devices are being made.
    case building
    case free
    case claimed(by: Claim)
    /// Released and cut off: nothing passes it, what its last user left is ending. How often it was found not to be clean.
    case draining(attempts: Int)
    /// It is being proved to be clean.
    case resetting(attempts: Int)
    /// It did not become clean, and is to be taken away and built anew; or it could not be built, and stays that way.
    case quarantined(reason: String, isFinal: Bool)

    /// A number that no other claim of any slot has.
    package typealias Claim = UInt64

    /// The name by which it is shown, and the number it has in the map of the slots.
    package enum Kind: UInt8, Sendable, CaseIterable {
        case building, free, claimed, draining, resetting, quarantined
    }

    package var kind: Kind {
        switch self {
        case .building: .building
        case .free: .free
        case .claimed: .claimed
        case .draining: .draining
        case .resetting: .resetting
        case .quarantined: .quarantined
        }
    }

    /// Its devices are complete.
    package mutating func finishBuilding() -> Bool {
        guard case .building = self else { return false }
        self = .free
        return true
    }

    /// It was found as a dead server left it.
    package mutating func adopt() -> Bool {
        guard case .building = self else { return false }
        self = .draining(attempts: 0)
        return true
    }

    package mutating func claim(_ claim: Claim) -> Bool {
        guard case .free = self else { return false }
        self = .claimed(by: claim)
        return true
    }

    package func isClaimed(by claim: Claim) -> Bool {
        if case .claimed(claim) = self { true } else { false }
    }

    /// Only the present claim can be given up.
    package mutating func release(_ claim: Claim) -> Bool {
        guard case .claimed(claim) = self else { return false }
        self = .draining(attempts: 0)
        return true
    }

    package mutating func beginReset() -> Bool {
        guard case .draining(let attempts) = self else { return false }
        self = .resetting(attempts: attempts)
        return true
    }

    package mutating func finishReset() -> Bool {
        guard case .resetting = self else { return false }
        self = .free
        return true
    }

    /// It is clean, and is made anew, as what the kernel counted and remembers of its last user cannot be cleared.
    package mutating func renew() -> Bool {
        guard case .resetting = self else { return false }
        self = .building
        return true
    }

    /// It was not clean: it drains on, or after so many attempts goes into quarantine.
    package mutating func failReset(_ reason: String, attemptLimit: Int) -> Bool {
        guard case .resetting(let attempts) = self else { return false }
        self =
            attempts + 1 < attemptLimit
            ? .draining(attempts: attempts + 1) : .quarantined(reason: reason, isFinal: false)
        return true
    }

    package mutating func failBuilding(_ reason: String) -> Bool {
        guard case .building = self else { return false }
        self = .quarantined(reason: reason, isFinal: true)
        return true
    }

    package mutating func rebuild() -> Bool {
        guard case .quarantined(_, isFinal: false) = self else { return false }
        self = .building
        return true
    }
}
