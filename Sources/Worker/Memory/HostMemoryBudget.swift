package import LinuxKit
import Synchronization

/// Whether the host's memory has room for another sandbox. Beside those that exist, each with the most that its version has used.
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

    private struct State {
        /// What sandboxes that exist are expected to use.
        var promised: UInt64 = 0
        /// The most that sandboxes of a version have used, in bytes.
        var peaks: [VersionKey: UInt64] = [:]
    }

    private let reading: @Sendable () -> HostMemory?
    private let state = Mutex(State())

    /// - Parameter reading: the host's memory now, nil where that is not to be known: then there is always room.
    package init(_ reading: @escaping @Sendable () -> HostMemory?) { self.reading = reading }

    /// Takes room for a sandbox of a version, if there is any.
    ///
    /// - Parameters:
    ///   - guess: what a sandbox of a version is expected to use of which none has ended an invocation.
    ///   - charged: what the sandboxes that exist use now, where the caller knows. Without it all of it counts twice.
    package func reserve(_ version: VersionKey, guess: UInt64, charged: UInt64 = 0) -> MemoryReservation? {
        guard let memory = reading() else { return MemoryReservation(bytes: 0, in: self) }
        let reserve = Reserve(of: memory.total)
        return state.withLock { state in
            let bytes = state.peaks[version] ?? guess
            let budget = memory.available + min(charged, state.promised)
            guard budget >= reserve.least, state.promised + bytes <= budget - reserve.least else { return nil }
            state.promised += bytes
            return MemoryReservation(bytes: bytes, in: self)
        }
    }

    /// How much is missing for comfort, in bytes.
    package func shortage() -> UInt64 {
        guard let memory = reading() else { return 0 }
        let wanted = Reserve(of: memory.total).comfortable
        return wanted - min(wanted, memory.available)
    }

    /// Notes the most that a sandbox has used.
    package func note(_ version: VersionKey, peak: UInt64) {
        state.withLock { $0.peaks[version] = max($0.peaks[version] ?? 0, peak) }
    }

    func forget(_ matches: (VersionKey) -> Bool) {
        state.withLock { state in state.peaks = state.peaks.filter { !matches($0.key) } }
    }

    fileprivate func giveBack(_ bytes: UInt64) { state.withLock { $0.promised -= bytes } }

    package var promised: UInt64 { state.withLock { $0.promised } }
}

/// Room for one sandbox, until it is given back or forgotten.
package final class MemoryReservation: Sendable {
    private let held: Mutex<UInt64>
    private let budget: HostMemoryBudget

    fileprivate init(bytes: UInt64, in budget: HostMemoryBudget) {
        held = Mutex(bytes)
        self.budget = budget
    }

    deinit { giveBack() }

    package var bytes: UInt64 { held.withLock { $0 } }

    /// Safe to call twice.
    package func giveBack() {
        let bytes = held.withLock { bytes in
            defer { bytes = 0 }
            return bytes
        }
        if bytes > 0 { budget.giveBack(bytes) }
    }
}
