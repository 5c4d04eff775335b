import MicroVMEngine
import Testing

@Suite struct QEMUCommandLineTests {
    static func commandLine(_ role: MachineRole, layers: Int) -> QEMUCommandLine {
        QEMUCommandLine(
            role: role, accelerator: .tcg, memoryMegabytes: 512, processors: 1, timeStampCounterKilohertz: 2_500_000,
            descriptors: .init(
                control: 3, guest: 4, console: 5, tap: 6, kernel: 7, initramfs: 8, memory: 9, root: 10, code: 11,
                scratch: (0..<layers).map { .init(descriptor: 12 + Int32($0), format: $0 == 0 ? .raw : .qcow2) }))
    }

    private func devices(_ arguments: [String]) -> [String] {
        zip(arguments, arguments.dropFirst()).filter { $0.0 == "-device" }.map { pair in
            // The backing node's name is the host's business; the guest sees the rest.
            pair.1.split(separator: ",").filter { !$0.hasPrefix("drive=") }.joined(separator: ",")
        }
    }

    @Test("a clone has the devices of its template, in the same order")
    func sameDevices() {
        let template = Self.commandLine(.template, layers: 2).arguments
        let clone = Self.commandLine(.clone, layers: 3).arguments
        #expect(devices(template) == devices(clone))
        #expect(devices(template).count == 6)
    }

    @Test("a root that has the function's code needs no disk for it, and the guest is told so")
    func rootWithCode() {
        var line = Self.commandLine(.template, layers: 2)
        line.descriptors.code = nil
        #expect(devices(line.arguments).count == 5)
        #expect(line.arguments.contains { $0.hasSuffix(" thaw.code=root") })
        #expect(!Self.commandLine(.template, layers: 2).arguments.contains { $0.contains("thaw.code") })
    }

    @Test("a template shares its memory with the file, a clone keeps what it writes to itself")
    func memory() {
        #expect(Self.commandLine(.template, layers: 2).arguments.contains { $0.contains("share=on") })
        #expect(Self.commandLine(.clone, layers: 3).arguments.contains { $0.contains("share=off") })
        #expect(Self.commandLine(.clone, layers: 3).arguments.suffix(2) == ["-incoming", "defer"])
    }

    @Test("only the top layer of /tmp can be written")
    func layers() {
        let nodes = Self.commandLine(.clone, layers: 3).arguments.filter { $0.contains("node-name=scratch") }
        #expect(
            nodes == [
                "driver=file,node-name=scratch0-file,filename=/dev/fdset/3,read-only=on,locking=off",
                "driver=raw,node-name=scratch0,file=scratch0-file,read-only=on",
                "driver=file,node-name=scratch1-file,filename=/dev/fdset/4,read-only=on,locking=off",
                "driver=qcow2,node-name=scratch1,file=scratch1-file,read-only=on,backing=scratch0",
                "driver=file,node-name=scratch2-file,filename=/dev/fdset/5,read-only=off,locking=off",
                "driver=qcow2,node-name=scratch2,file=scratch2-file,backing=scratch1",
            ])
    }

    @Test(
        "every machine is confined and ends when its kernel panics", arguments: [MachineRole.template, .clone])
    func confinement(role: MachineRole) {
        let arguments = Self.commandLine(role, layers: 3).arguments
        #expect(arguments.contains("on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"))
        #expect(arguments.contains("-no-reboot"))
    }

    @Test(
        "the firmware is named: what QEMU takes by itself differs between releases",
        arguments: [MachineRole.template, .clone])
    func firmware(role: MachineRole) {
        let arguments = Self.commandLine(role, layers: 3).arguments
        #expect(zip(arguments, arguments.dropFirst()).contains { $0 == ("-bios", "qboot.rom") })
    }

    @Test("QEMU opens /dev/kvm by name unless it is given a descriptor")
    func device() {
        var line = Self.commandLine(.clone, layers: 3)
        line.accelerator = .kvm
        #expect(zip(line.arguments, line.arguments.dropFirst()).contains { $0 == ("-accel", "kvm") })
        line.descriptors.kvm = 20
        let arguments = line.arguments
        #expect(zip(arguments, arguments.dropFirst()).contains { $0 == ("-add-fd", "fd=20,set=101") })
        #expect(zip(arguments, arguments.dropFirst()).contains { $0 == ("-accel", "kvm,device=/dev/fdset/101") })
    }

    @Test("a template is told its kernel and the time stamp counter's frequency, a clone has both in its memory")
    func kernel() {
        let template = Self.commandLine(.template, layers: 2).arguments
        #expect(template.contains { $0.contains("panic=-1") && $0.contains("tsc_early_khz=2500000") })
        #expect(template.contains("-kernel") && template.contains("-initrd"))
        #expect(!Self.commandLine(.clone, layers: 3).arguments.contains("-kernel"))
    }
}
