import BaseImages
import Glibc
import LinuxKit
import MicroVMEngine
import Sandboxes

/// What this host can do, found by trying what a server does with the parts that do it.
struct HostReport: Sendable {
    let checks: [HostCheck]
    /// Nil when nothing could be tried.
    let plan: IsolationPlan?
    /// What would run the code of virtual machines; nil when that was not asked.
    let accelerator: Accelerator?

    /// - Parameter options: those of the server in question.
    static func make(_ options: ServerOptions) async throws -> HostReport {
        guard geteuid() == 0 else { return HostReport(checks: [.ordinaryUser], plan: nil, accelerator: nil) }
        let directory = options.state.directory
        var checks = HostChecks.all(stateDirectory: directory)
        checks.insert(.root, at: 0)
        let accelerator = Accelerator.detect()
        return HostReport(
            checks: checks, plan: IsolationPlan(options.isolation, accelerator: accelerator), accelerator: accelerator)
    }

    /// The levels that can be used here.
    var usable: [IsolationLevel] {
        guard plan != nil else { return [] }
        return IsolationLevel.allCases.filter { level in
            !checks.contains { $0.status == .failed && ($0.isolation == nil || $0.isolation == level) }
        }
    }

    func isUsable(at isolation: Isolation) -> Bool {
        IsolationLevel(rawValue: isolation.rawValue).map { usable.contains($0) } ?? !usable.isEmpty
    }
}

extension HostCheck {
    fileprivate static let root = HostCheck("user", .good, "root")

    /// Says nothing about the host: only root can try.
    fileprivate static let ordinaryUser = HostCheck(
        "user", .failed, "not root, who alone can try what a server does", remedy: "run as root: sudo thaw doctor")
}
