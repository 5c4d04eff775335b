/// What stands at the inner end of a slot.
package enum SlotOccupant: UInt8, Sendable {
    /// Processes that use the namespace's own interface.
    case process
    /// A virtual machine behind the tap device.
    case microvm
}
