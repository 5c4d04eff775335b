import LinuxKit
import Sandboxes

/// What starts the process of a machine: QEMU in its jail, or in tests a script that plays one.
package protocol Hypervisor: Sendable {
    func start(_ parts: MachineParts) async throws(SandboxError) -> StartedMachine
}

/// What one machine is made of before it runs.
package struct MachineParts: Sendable {
    package var role: QEMUCommandLine.Role
    var virtualisation: Virtualisation
    var timeStampCounterKilohertz: UInt64
    var memoryMegabytes: Int
    var files: MachineFiles
    var network: SharedDescriptor
    var tap: SharedDescriptor
    package var cgroup: Cgroup?
    var user: UInt32
    /// Where no cgroup counts what is written to files in memory.
    var largestFile: UInt64?
}

/// The process of a machine, and our ends of its sockets. Its own ends are closed here by then, so that its death is seen.
package struct StartedMachine: ~Copyable {
    let process: ChildProcess
    let control: OwnedDescriptor
    let guest: OwnedDescriptor
    let console: OwnedDescriptor

    package init(
        process: ChildProcess, control: consuming OwnedDescriptor, guest: consuming OwnedDescriptor,
        console: consuming OwnedDescriptor
    ) {
        self.process = process
        self.control = control
        self.guest = guest
        self.console = console
    }

}

/// Who machines are on the host, beside a ``SandboxUser`` each: identities outside what Debian gives out.
package enum MachineUser {
    /// Of all machines: it may write snapshot memory files, which QEMU insists on opening for writing.
    package static let group: UInt32 = 1_900_000_000
    /// Of the machine that the host is tried out with.
    package static let probe = group
}
