import Basics
import GuestProtocol
import LinuxKit
import NIOCore
import NIOPosix
import Sandboxes
import SystemPackage

/// What a machine's process can be asked for, each a request or a few.
struct FirecrackerControl: MachineControl {
    let version: String
    private let api: FirecrackerAPI
    private let parts: MachineParts

    /// A machine that boots is told here what it is made of, and started.
    static func open(_ api: FirecrackerAPI, _ parts: MachineParts, by deadline: Deadline) async throws
        -> FirecrackerControl
    {
        let control = FirecrackerControl(version: try await api.version(by: deadline), api: api, parts: parts)
        if parts.role == .template { try await control.boot(by: deadline) }
        return control
    }

    func resume(by deadline: Deadline) async throws(ControlFailure) {
        try await telling { () throws(FirecrackerAPI.Failure) in
            try await api.patch("/vm", FirecrackerRequest.Motion(state: .resumed), by: deadline)
        }
    }

    func pause(by deadline: Deadline) async throws(ControlFailure) {
        try await telling { () throws(FirecrackerAPI.Failure) in
            try await api.patch("/vm", FirecrackerRequest.Motion(state: .paused), by: deadline)
        }
    }

    func saveState(of files: MachineFiles, by deadline: Deadline) async throws(ControlFailure) {
        let request = FirecrackerRequest.Create(
            statePath: path(.state), memoryPath: path(.memory))
        try await telling { () throws(FirecrackerAPI.Failure) in
            try await api.put("/snapshot/create", request, by: deadline)
        }
        // Clones read both. A guest that has broken out of its process is not to change what its siblings begin with.
        do throws(Errno) {
            try files.memory.descriptor.setPermissions(Self.readable)
            try files.state?.descriptor.setPermissions(Self.readable)
        } catch { throw ControlFailure(error) }
    }

    private static let readable: FilePermissions = [.ownerReadWrite, .groupRead]

    func loadState(of files: MachineFiles, by deadline: Deadline) async throws(ControlFailure) {
        let request = FirecrackerRequest.Load(statePath: path(.state), memory: .init(path: path(.memory)))
        try await telling { () throws(FirecrackerAPI.Failure) in
            try await api.put("/snapshot/load", request, by: deadline)
        }
        await settleCarrier()
    }

    func close() { api.close() }

    // MARK: - Private

    private func boot(by deadline: Deadline) async throws {
        let disks: [(name: String, descriptor: Firecracker.Descriptor)] =
            [("root", .root), ("scratch", .scratch)] + (parts.files.code == nil ? [] : [("code", .code)])
            + (parts.files.layers == nil ? [] : [("layers", .layers)])
        try await api.put(
            "/boot-source",
            FirecrackerRequest.BootSource(
                kernelImagePath: path(.kernel), initrdPath: path(.initramfs),
                bootArgs: Self.kernelArguments(parts, disks: disks.map(\.name)).joined(separator: " ")), by: deadline)
        try await api.put(
            "/machine-config",
            FirecrackerRequest.MachineConfiguration(
                vcpuCount: ProcessorShare.processors(forMegabytes: parts.memoryMegabytes),
                memoryMebibytes: parts.memoryMegabytes, tracksDirtyPages: parts.files.state != nil), by: deadline)
        for disk in disks {
            try await api.put(
                "/drives/\(disk.name)",
                FirecrackerRequest.Drive(
                    name: disk.name, path: path(disk.descriptor), isReadOnly: disk.descriptor != .scratch), by: deadline
            )
        }
        try await api.put(
            "/network-interfaces/eth0",
            FirecrackerRequest.NetworkInterface(name: "eth0", tap: parts.tap, macAddress: QEMUCommandLine.macAddress),
            by: deadline)
        let vsock = Firecracker.path(.sockets).appending(SocketDirectory.vsock)
        try await api.put("/vsock", FirecrackerRequest.Vsock(path: vsock.string), by: deadline)
        try await api.put("/actions", FirecrackerRequest.Action(), by: deadline)
        await settleCarrier()
    }

    static func kernelArguments(_ parts: MachineParts, disks: [String]) -> [String] {
        // Time goes on while an idle machine stands still: its kernel is not to call that a processor that hangs.
        ["console=ttyS0", "quiet", "panic=-1", "reboot=k", "nowatchdog", "rcupdate.rcu_cpu_stall_suppress=1"]
            // Firecracker's machine has neither, and looking for them takes time.
            + ["pci=off", "i8042.noaux", "i8042.nomux", "i8042.dumbkbd"]
            + ["tsc_early_khz=\(parts.timeStampCounterKilohertz)"]
            + ["\(BootArgument.vsock)=\(SocketDirectory.guestPort)"]
            + ["\(BootArgument.disks)=\(disks.joined(separator: ","))"]
            + (disks.contains("layers") ? [BootArgument.layers] : [])
            + (disks.contains("code") ? [] : [BootArgument.rootHasCode])
    }

    /// What the guest sends first must not be lost because the kernel has not yet seen that somebody opened the device.
    private func settleCarrier() async {
        let (tap, network) = (parts.tap, parts.network)
        await BlockingThread.run { try? Tap.settleCarrier(of: tap, in: network) }
    }

    private func path(_ descriptor: Firecracker.Descriptor) -> String { Firecracker.path(descriptor).string }

    private func telling(_ body: () async throws(FirecrackerAPI.Failure) -> Void) async throws(ControlFailure) {
        do throws(FirecrackerAPI.Failure) { try await body() } catch { throw ControlFailure(error) }
    }
}
