import Basics
import LinuxKit
import NIOCore
import Sandboxes
import SystemPackage

/// What runs machines: ``QEMU``, ``Firecracker``, or in tests a script that plays it. Nothing above this knows which one it is.
package protocol Hypervisor: Sendable {
    /// As messages call it: "QEMU".
    var name: String { get }
    /// Of its own memory beside the guest's.
    var overheadMegabytes: Int { get }
    /// How the disk that guests write to is made and kept.
    var disks: any WritableDisks { get }

    /// Starts a machine's process in its jail.
    func start(_ parts: MachineParts) async throws(SandboxError) -> StartedMachine

    /// Opens the conversation with a process that it has started.
    func connect(
        _ control: consuming OwnedDescriptor, to parts: MachineParts, group: any EventLoopGroup,
        clock: any DeadlineClock, by deadline: Deadline
    ) async throws -> any MachineControl
}

/// What a machine's process can be asked for. Each wait has an end.
package protocol MachineControl: Sendable {
    /// Of the hypervisor. State is read by the version that wrote it.
    var version: String { get }

    /// Lets the virtual processors run.
    func resume(by deadline: Deadline) async throws(ControlFailure)
    /// Stops them, with all that the guest has written in its disks.
    func pause(by deadline: Deadline) async throws(ControlFailure)
    /// Of a machine that stands still: writes the state of processors and devices to its file for that, and sees to it that the
    /// guest's memory is in its own.
    func saveState(of files: MachineFiles, by deadline: Deadline) async throws(ControlFailure)
    /// Reads it back, in a machine that was started to wait for it and stands still afterwards.
    func loadState(of files: MachineFiles, by deadline: Deadline) async throws(ControlFailure)
    func close()
}

/// Why a machine's process did not do what it was asked for. What that means is told by the step.
package struct ControlFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ error: any Error) { description = "\(error)" }
}

/// What one machine is made of before it runs.
package struct MachineParts: Sendable {
    package var role: MachineRole
    var virtualisation: Virtualisation
    var timeStampCounterKilohertz: UInt64
    var memoryMegabytes: Int
    var files: MachineFiles
    var network: SharedDescriptor
    /// The name of its tap device there, which is open nowhere.
    var tap: String
    package var cgroup: Cgroup?
    var user: UInt32
    /// Where no cgroup counts what is written to files in memory.
    var largestFile: UInt64?
}

package enum MachineRole: Sendable, Equatable {
    /// Boots; guest memory becomes the snapshot's file when the machine stops.
    case template
    /// Waits for device state; guest memory is a private view of the template's file.
    case clone
}

/// The process of a machine, and our ends of its sockets. Its own ends are closed here by then, so that its death is seen.
package struct StartedMachine: ~Copyable {
    let process: ChildProcess
    let control: OwnedDescriptor
    let guest: GuestEnd
    let console: OwnedDescriptor

    package init(
        process: ChildProcess, control: consuming OwnedDescriptor, guest: consuming GuestEnd,
        console: consuming OwnedDescriptor
    ) {
        self.process = process
        self.control = control
        self.guest = guest
        self.console = console
    }
}

/// Our end of the channel to the guest.
package enum GuestEnd: ~Copyable {
    case connected(OwnedDescriptor)
    /// The guest comes to it once it runs.
    case listening(OwnedDescriptor)
}

/// Who machines are on the host, beside a ``SandboxUser`` each: identities outside what Debian gives out.
package enum MachineUser {
    /// Of all machines: it may write snapshot memory files, which QEMU insists on opening for writing.
    package static let group: UInt32 = 1_900_000_000
    /// Of the machine that the host is tried out with.
    package static let probe = group
}
