import LinuxKit

/// What microVMs can be on this host: tried out, not guessed.
package struct MicroVMFindings: Sendable {
    package let findings: [HostFinding]
    /// Why guests run on what they run on, in one clause.
    package let why: String
    /// Nil when it does not start.
    package let qemuVersion: String?
    let virtualisation: Virtualisation

    package var accelerator: Accelerator { virtualisation.accelerator }

    init(
        _ findings: [HostFinding], why: String, qemuVersion: String? = nil, virtualisation: Virtualisation = .emulated
    ) {
        self.findings = findings
        self.why = why
        self.qemuVersion = qemuVersion
        self.virtualisation = virtualisation
    }
}

extension MicroVMEngine {
    /// Starts the real QEMU as a machine's is started, with a guest of a few instructions: by hardware virtualisation where
    /// there is any, else emulated. Takes 0.1 s, 30 s at most on a host that hangs, and leaves nothing.
    package static func findings() async -> MicroVMFindings { await MicroVMProbe().findings() }
}
