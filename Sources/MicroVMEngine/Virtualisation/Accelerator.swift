/// What runs guest code.
package enum Accelerator: String, Sendable, Codable {
    /// Hardware virtualisation.
    case kvm
    /// QEMU's emulation: complete, but 20 to 60 times slower at running guest code.
    case tcg

    /// QEMU's `-cpu`: the host's own, or all that emulation offers.
    var cpuModel: String {
        switch self {
        case .kvm: "host"
        case .tcg: "max"
        }
    }

    /// QEMU's `-accel`. The translation cache is bounded because every sandbox has one of its own, and a small one is
    /// not backed by huge pages that would have to be cleared on the way to the first response.
    var argument: String {
        switch self {
        case .kvm: "kvm"
        case .tcg: "tcg,tb-size=64"
        }
    }

    /// Mitigations against speculation cost a third of the kernel's instructions, and emulated CPUs do not speculate.
    var kernelArguments: [String] {
        switch self {
        case .kvm: []
        case .tcg: ["mitigations=off"]
        }
    }
}
