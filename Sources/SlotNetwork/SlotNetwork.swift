package import Basics
package import LinuxKit
package import NetworkModel
package import SystemPackage

/// Where sandboxes get their networks from. A slot belongs to one claimant until it is released.
package protocol SlotNetwork: Sendable {
    /// A slot nobody has used since it was last made or reset.
    func claim(by deadline: Deadline) async throws(SlotError) -> Slot
    /// Takes a slot back. Whatever ran in it must have ended. A second release of the same claim does nothing.
    func release(_ slot: Slot) async
    /// Ends every slot; claims fail from then on.
    func shutdown() async
}

extension SlotNetwork {
    /// For those who have time: builds and resets end.
    package func claim() async throws(SlotError) -> Slot { try await claim(by: Deadline(in: .seconds(60))) }
}

/// Why there is no slot, or not one with that mode.
package enum SlotError: Error, Sendable, CustomStringConvertible {
    /// All slots are claimed.
    case exhausted(count: Int)
    /// All slots that are not claimed were still being built or reset.
    case late(limit: Duration)
    case shutDown
    /// All addresses of a virtual network that this host may give are given.
    case noAddress(network: String)
    /// This server has no such mode; why.
    case modeUnavailable(String)
    /// The slot is not the caller's any more.
    case notClaimed(slot: Int)
    /// The kernel refused a namespace, a device or a map's change.
    case host(NetworkError)
    /// Packets do not pass a slot on this host; what to do about it.
    case unusableHost(NetworkError, remedy: String)
    /// The slots of this directory are a running server's.
    case inUse(FilePath)

    package var description: String {
        switch self {
        case .exhausted(let count): "all \(count) network slots are in use; raise the number of slots or wait"
        case .late(let limit): "no network slot was ready within \(limit); raise the number of slots or wait"
        case .shutDown: "the slot network has been shut down"
        case .noAddress(let network):
            "network \(network) has no address left for a sandbox; give this host more of them (thaw network create --addresses)"
        case .modeUnavailable(let why): why
        case .notClaimed(let slot): "network slot \(slot) has been released"
        case .host(let error): "\(error)"
        case .unusableHost(let error, let remedy): error.remedy == nil ? "\(error); \(remedy)" : "\(error)"
        case .inUse(let directory):
            "another server with this state directory runs (it holds \(directory)): stop it, or start this one with another --state-dir"
        }
    }
}

/// One sandbox's network, for the length of one claim: a namespace in which the guest is ``SlotAddresses/guest``.
package final class Slot: Sendable {
    package let index: Int
    let claim: SlotState.Claim
    private let pool: SlotPool

    init(index: Int, claim: SlotState.Claim, pool: SlotPool) {
        self.index = index
        self.claim = claim
        self.pool = pool
    }

    /// For ``LinuxKit/SpawnStep/enterNamespace(_:_:)``: what starts here sees this network only. While it is claimed; takes 5 us.
    package func openNamespace() throws(NetworkError) -> SharedDescriptor { try pool.openNamespace(of: self) }

    /// Lets what is in the slot send, as far as `mode` says. Nothing gets out of a slot that was not bound since it was claimed.
    ///
    /// Bind before the sandbox runs: one change of a kernel map, two with a virtual network. It waits for nothing.
    package func bind(_ occupant: SlotOccupant, to mode: NetworkMode) throws(SlotError) {
        try pool.bind(self, occupant, to: mode)
    }

    /// Opens the slot's tap device for a virtual machine, once per claim. Blocks for 0.2 ms.
    ///
    /// - Parameter namespace: the slot's, when the caller has it from ``openNamespace()``.
    package func openTap(in namespace: SharedDescriptor? = nil) throws(NetworkError) -> OwnedDescriptor {
        let namespace = if let namespace { namespace } else { try openNamespace() }
        return try Tap.open(named: SlotAddresses.tapName, in: namespace)
    }
}
