package import SlotNetwork

extension Slot {
    /// ``SlotNetwork/Slot/bind(_:to:)`` for an engine, before what is in the slot runs.
    package func join(_ mode: NetworkMode, as occupant: SlotOccupant) throws(SandboxError) {
        do throws(SlotError) { try bind(occupant, to: mode) } catch { throw .host("\(error)") }
    }
}
