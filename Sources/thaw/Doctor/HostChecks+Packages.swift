import BaseImages
import LinuxKit
import Sandboxes
import SystemPackage

extension HostChecks {
    private struct Program {
        let name: String
        let package: String
        /// What does not work without it.
        let purpose: String
        let isEssential: Bool
        /// Who needs it; nil for both.
        var isolation: IsolationLevel?
    }

    private static var programs: [Program] {
        [
            Program(
                name: "qemu-system-x86_64", package: "qemu-system-x86", purpose: "microVMs", isEssential: true,
                isolation: .microvm)
        ]
            + Tool.all.map { tool in
                Program(
                    name: tool.name, package: tool.package,
                    purpose: essentialTools.contains(tool) ? "functions' code" : "base images",
                    isEssential: essentialTools.contains(tool))
            }
    }

    /// Needed whenever a function is created; the others only to build a base image.
    private static let essentialTools = [Tool.mkfsErofs, .mke2fs]

    static func packages() -> [HostCheck] {
        programs.map { program in
            let path = ["/usr/bin", "/usr/sbin", "/bin", "/sbin"].lazy.map { FilePath("\($0)/\(program.name)") }
                .first { FileStatus.exists($0) }
            if let path { return HostCheck(program.name, .good, "\(path)", for: program.isolation) }
            return HostCheck(
                program.name, program.isEssential ? .failed : .warning, "not installed: needed for \(program.purpose)",
                remedy: "apt-get install \(program.package)", for: program.isolation)
        }
    }
}
