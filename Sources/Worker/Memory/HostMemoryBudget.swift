package import LinuxKit
import Synchronization

/// Whether the host's memory has room for another sandbox, beside those that exist, each with what its version is expected to use.
///
/// Memory that is free now says too little: a hundred sandboxes that have just been made use none of it yet.
package final class HostMemoryBudget: Sendable {
    /// What this many bytes are left, for everybody else on the host and for the kernel to work with.
    package struct Reserve: Sendable {
        /// Below it nothing new is made.
        package var least: UInt64
        /// Below it what nobody uses is given back.
        package var comfortable: UInt64

        package init(least: UInt64, comfortable: UInt64) {
            self.least = least
            self.comfortable = comfortable
        }

        /// A twentieth and a tenth of all, at most 1 and 2 GiB.
        package init(of total: UInt64) {
            self.init(least: min(total / 20, 1 << 30), comfortable: min(total / 10, 2 << 30))
        }
    }

    /// What is known of a version.
    private struct Experience {
        /// So few invocations say little of the next one.
        static let least = 8

        var invocations = 0
        /// The most that one of its sandboxes has used, in bytes.
        var peak: UInt64 = 0

        func expectation(_ guess: UInt64) -> UInt64 {
            let learned = peak + peak / 4
            return invocations < Self.least ? max(learned, guess) : learned
        }
    }

    private struct State {
        /// What sandboxes that exist are expected to use.
        var promised: UInt64 = 0
        var known: [VersionKey: Experience] = [:]
    }

    private let reading: @Sendable () -> HostMemory?
    private let recent: @Sendable () -> HostMemory?
    private let state = Mutex(State())

    /// - Parameters:
    ///   - reading: the host's memory now, nil where that is not to be known: then there is always room.
    ///   - recent: as it was a moment ago, for less work.
    package init(
        _ reading: @escaping @Sendable () -> HostMemory?, recent: (@Sendable () -> HostMemory?)? = nil
    ) {
        self.reading = reading
        self.recent = recent ?? reading
    }

    /// Takes room for a sandbox of a version, if there is any.
    ///
    /// - Parameters:
    ///   - guess: what a sandbox is expected to use of a version of which little is known.
    ///   - overhead: what it uses beside what is noted of it.
    ///   - charged: what the sandboxes that exist use now, where the caller knows. Without it all of it counts twice.
    package func reserve(
        _ version: VersionKey, guess: UInt64, overhead: UInt64 = 0, charged: UInt64 = 0
    ) -> MemoryReservation? {
        guard let memory = recent() else {
            return MemoryReservation(version, bytes: 0, guess: 0, overhead: 0, in: self)
        }
        // Where there is plenty, a moment changes nothing.
        let taken =
            take(version, guess, overhead, of: memory.available, leaving: Reserve(of: memory.total).comfortable)
            ?? reading().flatMap { memory in
                take(
                    version, guess, overhead, of: memory.available, charged,
                    leaving: Reserve(of: memory.total).least)
            }
        return taken.map { MemoryReservation(version, bytes: $0, guess: guess, overhead: overhead, in: self) }
    }

    private func take(
        _ version: VersionKey, _ guess: UInt64, _ overhead: UInt64, of available: UInt64, _ charged: UInt64 = 0,
        leaving reserve: UInt64
    ) -> UInt64? {
        state.withLock { state in
            let bytes = (state.known[version] ?? Experience()).expectation(guess) + overhead
            let budget = available + min(charged, state.promised)
            guard budget >= reserve, state.promised + bytes <= budget - reserve else { return nil }
            state.promised += bytes
            return bytes
        }
    }

    /// How much is missing for comfort, in bytes.
    package func shortage() -> UInt64 {
        guard let memory = reading() else { return 0 }
        let wanted = Reserve(of: memory.total).comfortable
        return wanted - min(wanted, memory.available)
    }

    package func forget(_ matches: (VersionKey) -> Bool) {
        state.withLock { state in state.known = state.known.filter { !matches($0.key) } }
    }

    package var promised: UInt64 { state.withLock { $0.promised } }

    /// - Returns: what the sandbox that has used so much is expected to use from now on.
    fileprivate func learn(
        _ version: VersionKey, peak: UInt64, guess: UInt64, overhead: UInt64, promised: UInt64
    ) -> UInt64 {
        state.withLock { state in
            var experience = state.known[version] ?? Experience()
            experience.invocations += 1
            experience.peak = max(experience.peak, peak)
            state.known[version] = experience
            let bytes = experience.expectation(guess) + overhead
            state.promised = state.promised - promised + bytes
            return bytes
        }
    }

    fileprivate func giveBack(_ bytes: UInt64) { state.withLock { $0.promised -= bytes } }
}

/// Room for one sandbox, until it is given back or forgotten.
package final class MemoryReservation: Sendable {
    private let version: VersionKey
    private let guess: UInt64
    private let overhead: UInt64
    /// Nil once it is given back.
    private let held: Mutex<UInt64?>
    private let budget: HostMemoryBudget

    fileprivate init(
        _ version: VersionKey, bytes: UInt64, guess: UInt64, overhead: UInt64, in budget: HostMemoryBudget
    ) {
        self.version = version
        self.guess = guess
        self.overhead = overhead
        held = Mutex(bytes)
        self.budget = budget
    }

    deinit { giveBack() }

    package var bytes: UInt64 { held.withLock { $0 ?? 0 } }

    /// The sandbox has ended an invocation, and used so much at most so far.
    package func note(peak: UInt64) {
        held.withLock { held in
            guard let bytes = held else { return }
            held = budget.learn(version, peak: peak, guess: guess, overhead: overhead, promised: bytes)
        }
    }

    /// Safe to call twice.
    package func giveBack() {
        held.withLock { held in
            if let bytes = held { budget.giveBack(bytes) }
            held = nil
        }
    }
}
