import LinuxKit
import NIOPosix
import Sandboxes
import SystemPackage

/// Finds out what runs guest code here by having it run some.
///
/// `/dev/kvm` alone proves nothing: under PVM it is there and a stock guest never finishes booting, in a container it may be there
/// and not open, and root opening it says nothing of the user that QEMU is.
struct MicroVMProbe {
    private static let vendorModules = ["kvm_intel", "kvm_amd"]
    private static let oldestQEMU = (7, 2)

    func findings() async -> MicroVMFindings {
        if let fault = await Self.tapFault() { return fault }
        let tap = HostFinding.good("tun", "tap devices can be made")
        guard FileStatus.exists(QEMU.program) else {
            let missing = HostFinding.failed(
                "qemu", "\(QEMU.program) is not installed", remedy: "apt-get install qemu-system-x86")
            return MicroVMFindings([tap, missing], why: missing.found)
        }
        let hardware = await hardware()
        if case .works(let virtualisation, let version, let module) = hardware {
            return MicroVMFindings(
                [.good("virtualisation", "hardware (\(module))"), Self.finding(version), tap],
                why: "hardware virtualisation works here (\(module))", qemuVersion: "\(version)",
                virtualisation: virtualisation)
        }
        return await emulated(hardware, tap)
    }

    // MARK: - Hardware

    private enum Hardware {
        case works(Virtualisation, QEMUVersion, module: String)
        case fails(String, remedy: String)
    }

    private func hardware() async -> Hardware {
        let module = Self.vendorModules.first { FileStatus.exists(FilePath("/sys/module/\($0)")) }
        let status = try? FileStatus.of(Virtualisation.device)
        switch (module, status) {
        case (nil, nil):
            return .fails(
                "no kvm_intel or kvm_amd",
                remedy: "enable virtualisation in the firmware or the cloud machine's type, then modprobe kvm_intel or "
                    + "kvm_amd")
        case (nil, _?):
            return .fails(
                "\(Virtualisation.device) is there, but without kvm_intel or kvm_amd behind it guests do not boot",
                remedy: Self.otherMachine)
        case (let module?, nil):
            return .fails(
                "\(module) is loaded, but there is no \(Virtualisation.device)",
                remedy: "in a container, pass \(Virtualisation.device) in; else mount devtmpfs on /dev")
        case (let module?, let status?): return await hardware(module, group: status.group)
        }
    }

    private static let otherMachine =
        "use a machine with nested virtualisation, or a bare-metal one; emulation is 20 to 60 times slower"

    private func hardware(_ module: String, group: UInt32) async -> Hardware {
        let device: SharedDescriptor
        do throws(Errno) {
            device = try OwnedDescriptor.open(Virtualisation.device, .readWrite).shared()
        } catch {
            return .fails(
                "\(module) is loaded, but \(Virtualisation.device) cannot be opened: \(error)",
                remedy: "run as root; in a container, pass \(Virtualisation.device) in")
        }
        var failures: [ProbeMachine.Failure] = []
        for way in [Virtualisation.ownNode, .hostNode(group: group), .descriptor(device)] {
            do throws(ProbeMachine.Failure) {
                return .works(way, try await ProbeMachine(virtualisation: way).run(), module: module)
            } catch {
                failures.append(error)
                // How QEMU comes to the device makes no difference to that.
                if case .slow = error { break }
            }
        }
        if case .noNode = failures.first {
            // Then the host's mode decides.
            return .fails(
                "\(module) is loaded, but QEMU's user cannot open \(Virtualisation.device), and \(ProbeMachine.Failure.noNode)",
                remedy: "give thaw CAP_MKNOD, or chmod 666 \(Virtualisation.device)")
        }
        let words = failures.last.map { ": \($0)" } ?? ""
        return .fails("\(module) is loaded, but a guest does not run\(words)", remedy: Self.otherMachine)
    }

    // MARK: - Emulation

    private func emulated(_ hardware: Hardware, _ tap: HostFinding) async -> MicroVMFindings {
        do throws(ProbeMachine.Failure) {
            let version = try await ProbeMachine(virtualisation: .emulated).run()
            var (findings, why) = ([HostFinding](), "emulated")
            if case .fails(let reason, let remedy) = hardware {
                why = reason
                findings.append(.warning("virtualisation", "emulated: \(reason)", remedy: remedy))
            }
            return MicroVMFindings(
                findings + [Self.finding(version), tap], why: why, qemuVersion: "\(version)")
        } catch {
            // Then the hardware has had no chance.
            let fault = HostFinding.failed(
                "qemu", "does not run a guest: \(error)",
                remedy: "apt-get install --reinstall qemu-system-x86 qemu-system-data seabios")
            return MicroVMFindings([fault, tap], why: fault.found)
        }
    }

    private static func finding(_ version: QEMUVersion) -> HostFinding {
        (version.major, version.minor) >= oldestQEMU
            ? .good("qemu", "QEMU \(version) runs guests")
            : .failed(
                "qemu", "QEMU \(version) is too old",
                remedy: "install QEMU \(oldestQEMU.0).\(oldestQEMU.1) or newer: Debian 12 and later bring it")
    }

    // MARK: - Network

    private static func tapFault() async -> MicroVMFindings? {
        do throws(NetworkError) {
            _ = try await ProbeMachine.network()
            return nil
        } catch {
            let fault = HostFinding.failed(
                "tun", "\(error)", remedy: "modprobe tun; in a container, pass /dev/net/tun in")
            return MicroVMFindings([fault], why: fault.found)
        }
    }
}
