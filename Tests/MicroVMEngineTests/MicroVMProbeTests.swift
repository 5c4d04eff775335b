import LinuxKit
import MicroVMEngine
import SystemPackage
import TestSupport
import Testing

@Suite(.requiresRoot) struct HostProbeTests {
    @Test("a guest of a few instructions runs to its end in the engine's own jail")
    func emulated() async throws {
        let version = try await ProbeMachine(virtualisation: .emulated).run()
        #expect((version.major, version.minor) >= (7, 2))
    }

    @Test("what is found names the processor's way and QEMU's version, each once, and nothing that failed")
    func findings() async throws {
        let found = await MicroVMEngine.findings()
        #expect(found.findings.map(\.name).sorted() == ["qemu", "tun", "virtualisation"])
        #expect(!found.findings.contains { $0.status == .failed }, "\(found.findings)")
        let virtualisation = try #require(found.findings.first { $0.name == "virtualisation" })
        #expect((virtualisation.status == .good) == (found.accelerator == .kvm))
        #expect((virtualisation.remedy == nil) == (found.accelerator == .kvm))
        #expect(found.version != nil)
        #expect(!found.why.isEmpty)
    }

    /// A file in the place of /dev/kvm, or a QEMU that takes no descriptor for it.
    @Test("QEMU that ends at once is told in its own words")
    func lastWords() async throws {
        let file = try OwnedDescriptor.memoryFile(named: "no device").shared()
        let failure = await #expect(throws: ProbeMachine.Failure.self) {
            try await ProbeMachine(virtualisation: .descriptor(file)).run()
        }
        guard case .notStarted(let words) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(words.contains("qemu-system-x86_64:"), "\(words)")
    }

    @Test("QEMU's user opens the host's device by the jail's own node", .enabled(if: FileStatus.exists("/dev/kvm")))
    func ownNode() async throws {
        var jail = Jail(mountPoint: "/mnt", user: MachineUser.probe, group: MachineUser.group)
        Virtualisation.ownNode.open(in: &jail)
        let plan = try jail.plan(running: "/bin/sh", arguments: ["sh", "-c", "exec 3<>/dev/kvm"])
        let spawner = try Spawner()
        let exit = try await spawner.spawn(plan).wait(atMost: .seconds(20))
        guard case .exited(status: 0) = exit?.reason else {
            Issue.record("\(String(describing: exit))")
            return
        }
    }
}

@Suite struct ProbeGuestTests {
    @Test("the guest is an ELF file with one segment to load and the note of a PVH kernel")
    func kernel() {
        let kernel = ProbeGuest.kernel
        #expect(kernel.starts(with: [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]))
        #expect(Array(kernel[24..<32]) == [0, 0, 0x10, 0, 0, 0, 0, 0])  // entry: 1 MiB
        #expect(Array(kernel[56..<58]) == [2, 0])  // segments
        #expect(Array(kernel[176..<192]) == [4, 0, 0, 0, 8, 0, 0, 0, 18, 0, 0, 0] + Array("Xen\0".utf8))
        #expect(kernel.suffix(4) == [0xfa, 0xf4, 0xeb, 0xfc])  // ends in a halt
    }
}
