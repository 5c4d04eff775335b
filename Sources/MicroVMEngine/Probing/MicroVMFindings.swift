import LinuxKit
import Sandboxes
import SystemPackage

/// What microVMs can be on this host: tried out, not guessed.
package struct MicroVMFindings: Sendable {
    package let findings: [HostFinding]
    /// Why guests run on what they run on, in one clause.
    package let why: String
    let virtualisation: Virtualisation
    /// Nil when it does not start.
    private let qemuVersion: String?
    /// Nil when it is not what shall run machines.
    private let firecracker: FoundFirecracker?
    /// Why machines cannot run on what was asked for.
    private let refusal: String?

    package var accelerator: Accelerator { virtualisation.accelerator }

    init(
        _ findings: [HostFinding], why: String, qemuVersion: String? = nil, virtualisation: Virtualisation = .emulated,
        firecracker: FoundFirecracker? = nil, refusal: String? = nil
    ) {
        self.findings = findings
        self.why = why
        self.qemuVersion = qemuVersion
        self.virtualisation = virtualisation
        self.firecracker = firecracker
        self.refusal = refusal
    }

    /// The same, and what was found of Firecracker.
    func with(_ finding: HostFinding, firecracker: FoundFirecracker? = nil, refusal: String? = nil) -> MicroVMFindings {
        MicroVMFindings(
            findings + [finding], why: why, qemuVersion: qemuVersion, virtualisation: virtualisation,
            firecracker: firecracker, refusal: refusal)
    }

    /// Of what runs machines.
    package var version: String? { firecracker?.version ?? qemuVersion }

    func hypervisor(_ spawner: Spawner) throws(SandboxError) -> any Hypervisor {
        if let refusal { throw .host(refusal) }
        guard let firecracker else { return QEMU(spawner: spawner) }
        return Firecracker(program: firecracker.program, spawner: spawner)
    }
}

extension MicroVMEngine {
    /// Starts the real QEMU as a machine's is started, with a guest of a few instructions: by hardware virtualisation where
    /// there is any, else emulated. Takes 0.1 s, 30 s at most on a host that hangs, and leaves nothing.
    package static func findings(_ choice: HypervisorChoice = HypervisorChoice()) async -> MicroVMFindings {
        await MicroVMProbe().findings().choosing(choice)
    }
}
