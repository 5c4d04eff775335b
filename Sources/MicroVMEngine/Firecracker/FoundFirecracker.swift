import Glibc
import LinuxKit
import Sandboxes
import SystemPackage

/// Firecracker as it is on this host.
struct FoundFirecracker: Sendable {
    let program: FilePath
    let version: String

    private static let oldest = (1, 12)
    private static let answerLimit = Duration.seconds(10)

    struct NotUsable: Error {
        let found: String
        let remedy: String
    }

    /// Looks for it, and has it say its version.
    static func find(_ program: FilePath?) async throws(NotUsable) -> FoundFirecracker {
        guard let program = program ?? inPath() else {
            throw NotUsable(
                found: "there is no firecracker in PATH",
                remedy: "install a release of Firecracker, or name it: --firecracker PATH")
        }
        let said: String
        do { said = try await answer(of: program) } catch {
            throw NotUsable(
                found: "\(program) does not say its version: \(error)", remedy: "install a release of Firecracker")
        }
        guard let version = version(in: said) else {
            throw NotUsable(found: "\(program) is not Firecracker", remedy: "name another: --firecracker PATH")
        }
        let numbers = version.split(separator: ".").map { Int($0) ?? 0 }
        guard numbers.count >= 2, (numbers[0], numbers[1]) >= oldest else {
            throw NotUsable(
                found: "Firecracker \(version) is too old", remedy: "install \(oldest.0).\(oldest.1) or newer")
        }
        return FoundFirecracker(program: program, version: version)
    }

    /// "Firecracker v1.12.1" is its first line.
    static func version(in text: String) -> String? {
        guard let line = text.split(whereSeparator: \.isNewline).first, line.hasPrefix("Firecracker v") else {
            return nil
        }
        let version = line.dropFirst("Firecracker v".count).prefix { $0.isNumber || $0 == "." }
        return version.isEmpty ? nil : String(version)
    }

    private static func inPath() -> FilePath? {
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        return path.split(separator: ":").lazy.map { FilePath(String($0)).appending("firecracker") }
            .first { $0.isAbsolute && access($0.string, X_OK) == 0 }
    }

    private static func answer(of program: FilePath) async throws -> String {
        let output = try OwnedDescriptor.memoryFile(named: "thaw-firecracker-version").shared()
        var plan = SpawnPlan(executable: program, arguments: [program.string, "--version"])
        plan.descriptors[1] = output
        let process = try await Spawner().spawn(plan)
        guard try await process.wait(atMost: answerLimit) != nil else {
            await process.end()
            throw Errno.timedOut
        }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = bytes.withUnsafeMutableBytes { buffer in (try? output.descriptor.read(into: buffer, at: 0)) ?? 0 }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}

extension MicroVMFindings {
    /// These findings, where machines shall run on what was chosen. `auto` is QEMU.
    func choosing(_ choice: HypervisorChoice) async -> MicroVMFindings {
        guard choice.name != .qemu else { return self }
        let found: FoundFirecracker
        do throws(FoundFirecracker.NotUsable) { found = try await FoundFirecracker.find(choice.firecracker) } catch {
            guard choice.name == .firecracker else { return self }
            return with(
                .failed("firecracker", error.found, remedy: error.remedy),
                refusal: "Firecracker cannot run machines: \(error.found); \(error.remedy)")
        }
        guard choice.name == .firecracker else {
            return with(
                .good("firecracker", "Firecracker \(found.version) is here; --vmm firecracker has it run guests"))
        }
        switch virtualisation {
        case .ownNode, .hostNode:
            return with(
                .good("firecracker", "Firecracker \(found.version) is here, and hardware virtualisation works"),
                firecracker: found)
        case .descriptor, .emulated:
            let why = "it opens /dev/kvm by name and emulates no processor: \(why)"
            return with(
                .failed("firecracker", why, remedy: "use --vmm qemu"),
                refusal: "Firecracker cannot run machines: \(why)")
        }
    }
}
