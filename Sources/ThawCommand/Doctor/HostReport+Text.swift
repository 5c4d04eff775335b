import LinuxKit
import MicroVMEngine
import Sandboxes
import ServerAssembly
import Terminal

extension HostReport {
    /// For people: what was found, what to do, and what a server would do.
    func text(for isolation: Isolation) -> String {
        var table = Table(["CHECK", "", "FOUND"])
        for check in checks {
            table.add([check.name, check.status == .good ? "ok" : check.status.rawValue, check.found])
        }
        var parts = [table.text]
        let wanting = checks.filter { $0.status != .good }
        if !wanting.isEmpty {
            let advice = wanting.map { "- \($0.name): \($0.remedy ?? $0.found)" }
            parts.append((["What to do:"] + advice + Self.packages(wanting)).joined(separator: "\n"))
        }
        if let plan { parts.append(verdict(plan, isolation)) }
        return parts.joined(separator: "\n\n")
    }

    private func verdict(_ plan: IsolationPlan, _ isolation: Isolation) -> String {
        guard isUsable(at: isolation) else { return "Thaw cannot be used here yet." }
        let levels = usable.map { $0 == .microvm && accelerator == .tcg ? "microvm (emulated)" : $0.rawValue }
        return """
            A server would use isolation \(plan.standard.rawValue): \(plan.reason).
            Thaw can be used here. Isolation that works: \(levels.joined(separator: ", ")).
            """
    }

    /// One command for everything that is missing.
    private static func packages(_ checks: [HostCheck]) -> [String] {
        let install = "apt-get install "
        let commands = checks.compactMap(\.remedy).filter { $0.hasPrefix(install) }
        let packages = Set(commands.map { $0.dropFirst(install.count) })
        return packages.count > 1 ? ["All missing packages: \(install)\(packages.sorted().joined(separator: " "))"] : []
    }
}
