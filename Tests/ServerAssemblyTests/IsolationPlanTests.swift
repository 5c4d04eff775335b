import LinuxKit
import MicroVMEngine
import Sandboxes
import ServerAssembly
import Testing

@Suite struct IsolationPlanTests {
    private static let hardware = HostAbilities(accelerator: .kvm, why: "hardware virtualisation works here (kvm_amd)")
    private static let emulated = HostAbilities(accelerator: .tcg, why: "there is no /dev/kvm")

    private static func without(_ level: IsolationLevel, _ host: HostAbilities) -> HostAbilities {
        var host = host
        host.note(
            [.good("tun", "opens"), .failed("qemu", "not installed", remedy: "apt-get install qemu-system-x86")],
            of: level)
        return host
    }

    @Test(
        "a server runs what its host has, and says why",
        arguments: [
            (.auto, hardware, [.microvm, .process], "hardware virtualisation works here (kvm_amd)"),
            (.auto, emulated, [.process, .microvm], "no hardware virtualisation: there is no /dev/kvm"),
            (.auto, without(.microvm, hardware), [.process], "microvm cannot be had here: qemu: not installed"),
            (.auto, without(.microvm, emulated), [.process], "no hardware virtualisation: there is no /dev/kvm"),
            (.auto, without(.process, emulated), [.microvm], "process cannot be had here: qemu: not installed"),
            (.auto, without(.process, hardware), [.microvm], "hardware virtualisation works here (kvm_amd)"),
            (.microvm, hardware, [.microvm], "as asked for; hardware virtualisation works here (kvm_amd)"),
            (.microvm, emulated, [.microvm], "as asked for, with emulated processors: there is no /dev/kvm"),
            (
                .microvm, without(.microvm, hardware), [.microvm],
                "as asked for; hardware virtualisation works here (kvm_amd)"
            ),
            (.process, without(.microvm, emulated), [.process], "as asked for"),
        ] as [(Isolation, HostAbilities, [IsolationLevel], String)])
    func plans(asked: Isolation, host: HostAbilities, levels: [IsolationLevel], reason: String) {
        let plan = IsolationPlan(asked, on: host)
        #expect(plan.levels == levels)
        #expect(plan.reason == reason)
    }

    @Test("where no level can be had one is tried all the same: its engine says what is wrong")
    func nothing() {
        let host = Self.without(.process, Self.without(.microvm, Self.hardware))
        #expect(IsolationPlan(.auto, on: host).levels.count == 1)
    }
}
