package import LinuxKit
internal import SystemPackage

/// Where sandboxes get their networks from. A slot belongs to one claimant until it is released.
package protocol SlotNetwork: Sendable {
    /// A slot nobody has used since it was last made or reset.
    func claim() async throws(SlotError) -> Slot
    /// Takes a slot back. Whatever ran in it must have ended. A second release of the same claim does nothing.
    func release(_ slot: Slot) async
    /// Ends every slot; claims fail from then on.
    func shutdown() async
}

/// Why there is no slot.
package enum SlotError: Error, Sendable, CustomStringConvertible {
    /// All slots are claimed.
    case exhausted(count: Int)
    case shutDown
    /// The kernel refused a namespace or a device.
    case host(NetworkError)

    package var description: String {
        switch self {
        case .exhausted(let count): "all \(count) network slots are in use; raise the number of slots or wait"
        case .shutDown: "the slot network has been shut down"
        case .host(let error): "\(error)"
        }
    }
}

/// One sandbox's network: a namespace of its own.
package final class Slot: Sendable {
    package let index: Int
    /// For ``LinuxKit/SpawnStep/enterNamespace(_:_:)``: what starts here sees this network only.
    package let namespace: SharedDescriptor

    init(index: Int, namespace: SharedDescriptor) {
        self.index = index
        self.namespace = namespace
    }

    /// Lends the number of the namespace's descriptor for the length of `body`.
    package func withNamespace<R, E: Error>(_ body: (CInt) throws(E) -> R) throws(E) -> R {
        try namespace.withRaw(body)
    }

    /// Lets what is in the slot send, as far as `mode` says. Nothing gets out of a slot that was not bound since it was claimed.
    ///
    /// Bind before the sandbox runs: one change of a kernel map, two with a virtual network; it neither waits nor allocates.
    package func bind(_ occupant: SlotOccupant, to mode: NetworkMode) throws(SlotError) {
        guard mode == .isolated else { throw .host(NetworkError("bind a slot to \(mode)", .notSupported)) }
    }

    /// Opens the slot's tap device `tap0` (IFF_TAP | IFF_NO_PI, no virtio header), link up, for a virtual machine.
    ///
    /// The device exists while the descriptor is open, once per slot: open it once per claim. Blocks for about 1 ms.
    package func openTap() throws(NetworkError) -> OwnedDescriptor {
        try Tap.open(named: "tap0", in: namespace)
    }
}
