import GuestProtocol
import Sandboxes

/// The arguments of one QEMU process, all files being inherited descriptors.
///
/// A template and its clones differ only in `role`: the devices, and so the device state, are the same.
package struct QEMUCommandLine: Sendable {
    /// Where QEMU finds each inherited descriptor.
    package struct Descriptors: Sendable {
        var control: Int32
        var guest: Int32
        var console: Int32
        var tap: Int32
        var kernel: Int32
        var initramfs: Int32
        var memory: Int32
        var root: Int32
        /// Nil: the root has the code, and there is no disk for it.
        package var code: Int32?
        /// Copy-on-write layers of /tmp, the pristine image first, the writable one last.
        var scratch: [ScratchLayer]
        /// Nil: no layers, and no disk for them.
        package var layers: Int32?
        /// Of /dev/kvm, when QEMU is not to open it by name.
        package var kvm: Int32?

        package init(
            control: Int32, guest: Int32, console: Int32, tap: Int32, kernel: Int32, initramfs: Int32, memory: Int32,
            root: Int32, code: Int32?, scratch: [ScratchLayer], layers: Int32? = nil, kvm: Int32? = nil
        ) {
            self.control = control
            self.guest = guest
            self.console = console
            self.tap = tap
            self.kernel = kernel
            self.initramfs = initramfs
            self.memory = memory
            self.root = root
            self.code = code
            self.scratch = scratch
            self.layers = layers
            self.kvm = kvm
        }
    }

    package struct ScratchLayer: Sendable {
        var descriptor: Int32
        var format: DiskLayer.Format

        package init(
            descriptor: Int32, format: DiskLayer.Format
        ) {
            self.descriptor = descriptor
            self.format = format
        }
    }

    package var role: MachineRole
    package var accelerator: Accelerator
    var memoryMegabytes: Int
    var processors: Int
    var timeStampCounterKilohertz: UInt64
    package var descriptors: Descriptors

    package init(
        role: MachineRole, accelerator: Accelerator, memoryMegabytes: Int, processors: Int,
        timeStampCounterKilohertz: UInt64,
        descriptors: Descriptors
    ) {
        self.role = role
        self.accelerator = accelerator
        self.memoryMegabytes = memoryMegabytes
        self.processors = processors
        self.timeStampCounterKilohertz = timeStampCounterKilohertz
        self.descriptors = descriptors
    }

    /// The guest's address on its network; the same in every clone, as on AWS.
    static let macAddress = "02:54:48:41:57:01"
    static let portName = "thaw.control"
    /// Sets of descriptors beyond those of the disks: the stream of a migration, /dev/kvm.
    static let streamSet = 100
    private static let kvmSet = 101
    private static let layersSet = 102

    package var arguments: [String] {
        machine + acceleration + kernel + console + disks + scratchDisk + network + control
            + (role == .clone ? ["-incoming", "defer"] : [])
    }

    private var machine: [String] {
        let sharing = role == .template ? "on" : "off"
        return [
            "-name", "thaw", "-no-user-config", "-nodefaults", "-display", "none", "-no-reboot",
            // qboot starts a kernel by itself. QEMU's own choice with ACPI is SeaBIOS, which needs the option ROMs for that and
            // never starts without; Debian 12 has a link to qboot in its place, later releases do not.
            "-machine", "microvm,pcie=on,rtc=off,x-option-roms=off,memory-backend=memory", "-bios", "qboot.rom",
            "-cpu", accelerator.cpuModel, "-smp", "\(processors)",
            "-m", "\(memoryMegabytes)M",
            "-object",
            "memory-backend-file,id=memory,size=\(memoryMegabytes)M,share=\(sharing),mem-path=\(path(descriptors.memory))",
            // QEMU neither starts programs nor gains rights, whatever a guest talks it into.
            "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
        ]
    }

    private var acceleration: [String] {
        guard let kvm = descriptors.kvm else { return ["-accel", accelerator.argument] }
        return [
            "-add-fd", "fd=\(kvm),set=\(Self.kvmSet)",
            "-accel", "\(accelerator.argument),device=/dev/fdset/\(Self.kvmSet)",
        ]
    }

    /// A clone's kernel is in its memory already; reading the file again would cost it 50 MB and as many milliseconds.
    private var kernel: [String] {
        guard role == .template else { return [] }
        let arguments =
            // Time goes on while an idle machine stands still: its kernel is not to call that a processor that hangs.
            ["console=ttyS0", "quiet", "panic=-1", "nowatchdog", "rcupdate.rcu_cpu_stall_suppress=1"]
            + ["tsc_early_khz=\(timeStampCounterKilohertz)"]
            + accelerator.kernelArguments
            + (descriptors.layers == nil ? [] : [BootArgument.layers])
            + (descriptors.code == nil ? [BootArgument.rootHasCode] : [])
        return [
            "-kernel", path(descriptors.kernel), "-initrd", path(descriptors.initramfs),
            "-append", arguments.joined(separator: " "),
        ]
    }

    private var console: [String] {
        ["-chardev", "socket,id=console,fd=\(descriptors.console)", "-serial", "chardev:console"]
    }

    private var disks: [String] {
        readOnlyDisk("root", set: 1, descriptor: descriptors.root)
            + (descriptors.code.map { readOnlyDisk("code", set: 2, descriptor: $0) } ?? [])
            + (descriptors.layers.map { readOnlyDisk("layers", set: Self.layersSet, descriptor: $0) } ?? [])
    }

    private func readOnlyDisk(_ name: String, set: Int, descriptor: Int32) -> [String] {
        fileNode("\(name)-file", set: set, descriptor: descriptor, readOnly: true)
            + ["-blockdev", "driver=raw,node-name=\(name),file=\(name)-file,read-only=on"]
            + ["-device", "virtio-blk-pci,drive=\(name),serial=\(name)"]
    }

    private var scratchDisk: [String] {
        var arguments: [String] = []
        var backing: String?
        for (index, layer) in descriptors.scratch.enumerated() {
            let isTop = index == descriptors.scratch.count - 1
            let name = "scratch\(index)"
            arguments += fileNode("\(name)-file", set: 3 + index, descriptor: layer.descriptor, readOnly: !isTop)
            var node = "driver=\(layer.format.rawValue),node-name=\(name),file=\(name)-file"
            if !isTop { node += ",read-only=on" }
            if let backing { node += ",backing=\(backing)" }
            arguments += ["-blockdev", node]
            backing = name
        }
        guard let backing else { return [] }
        // A full disk is the guest's to hear of; QEMU's default is to stop the machine until somebody makes room.
        return arguments + ["-device", "virtio-blk-pci,drive=\(backing),serial=scratch,werror=report,rerror=report"]
    }

    private func fileNode(_ name: String, set: Int, descriptor: Int32, readOnly: Bool) -> [String] {
        [
            "-add-fd", "fd=\(descriptor),set=\(set)",
            "-blockdev",
            // Locks on a descriptor set would be shared with every other clone that holds the same file.
            "driver=file,node-name=\(name),filename=/dev/fdset/\(set),read-only=\(readOnly ? "on" : "off"),locking=off",
        ]
    }

    private var network: [String] {
        [
            "-netdev", "tap,id=network,fd=\(descriptors.tap)",
            // Without announcements: a clone would spend its first milliseconds on gratuitous ARP.
            "-device", "virtio-net-pci,netdev=network,mac=\(Self.macAddress),romfile=,guest_announce=off",
        ]
    }

    private var control: [String] {
        [
            "-chardev", "socket,id=control,fd=\(descriptors.control)", "-mon", "chardev=control,mode=control",
            "-chardev", "socket,id=guest,fd=\(descriptors.guest)", "-device", "virtio-serial-pci",
            "-device", "virtserialport,chardev=guest,name=\(Self.portName)",
        ]
    }

    /// QEMU opens these anew, which the jail's own /proc allows.
    private func path(_ descriptor: Int32) -> String { "/proc/self/fd/\(descriptor)" }
}
