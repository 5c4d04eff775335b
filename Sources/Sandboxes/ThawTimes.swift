/// Where the time of a thaw went. The phases follow each other and add up to the whole.
package struct ThawTimes: Sendable {
    package enum Origin: String, Sendable, CaseIterable {
        /// A clone that had been prepared ahead.
        case ready
        case new
    }

    package enum Phase: String, Sendable, CaseIterable {
        /// A cell, which is what a process lives in and has its slot, is taken or built.
        case claim
        /// What clones are made of is waited for: the running template.
        case template
        /// The clone comes to be: its process, or its machine with slot and state.
        case make
        /// It goes on: made unique, hooks done, ready for an event.
        case restore
    }

    package let origin: Origin
    /// The end of each phase that there was. By CLOCK_MONOTONIC, in nanoseconds.
    package private(set) var phases: [(phase: Phase, end: UInt64)] = []
    package let start: UInt64

    package init(_ origin: Origin, start: UInt64) {
        self.origin = origin
        self.start = start
    }

    /// Notes that the phase that is going on was `phase`, and ends now.
    package mutating func end(_ phase: Phase, at now: UInt64) {
        phases.append((phase, max(now, phases.last?.end ?? start)))
    }

    /// How long each phase took, in nanoseconds.
    package var durations: [(phase: Phase, nanoseconds: UInt64)] {
        var before = start
        return phases.map { phase, end in
            defer { before = end }
            return (phase, end - before)
        }
    }

    /// From the begin to the end of the last phase, in nanoseconds.
    package var total: UInt64 { (phases.last?.end ?? start) - start }
}
