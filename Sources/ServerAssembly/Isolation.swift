import LinuxKit
import MicroVMEngine
import Sandboxes

/// How sandboxes are kept apart from each other and from the host, as an operator says it.
package enum Isolation: String, CaseIterable, Sendable {
    case auto
    case microvm
    case process
}

/// What a host has for the isolation levels, as the engines found by trying.
package struct HostAbilities: Sendable {
    /// What would run the code of virtual machines.
    package var accelerator: Accelerator
    /// Why that: a clause.
    package var why: String
    /// Levels that cannot be had, and why.
    package var missing: [IsolationLevel: String] = [:]

    package init(accelerator: Accelerator, why: String) {
        self.accelerator = accelerator
        self.why = why
    }

    /// Notes the first fault of a level.
    package mutating func note(_ findings: [HostFinding], of level: IsolationLevel) {
        guard let fault = findings.first(where: { $0.status == .failed }) else { return }
        missing[level] = "\(fault.name): \(fault.found)"
    }
}

/// The isolation levels of a server.
package struct IsolationPlan: Sendable, Equatable {
    /// For functions that do not ask.
    package var standard: IsolationLevel
    /// For functions that ask by their tag. None when the operator chose: then nothing weaker, and nothing else, runs.
    package var others: [IsolationLevel]
    package var reason: String

    /// `auto` is microVMs where they are fast, because they keep hostile code apart; where their processors would be
    /// emulated it is processes; and nothing that the host does not have.
    package init(_ asked: Isolation, on host: HostAbilities) {
        switch (asked, host.accelerator) {
        case (.auto, .kvm): self.init([.microvm, .process], on: host, reason: host.why)
        case (.auto, .tcg):
            self.init([.process, .microvm], on: host, reason: "no hardware virtualisation: \(host.why)")
        case (.microvm, .kvm):
            self.init(standard: .microvm, others: [], reason: "as asked for; \(host.why)")
        case (.microvm, .tcg):
            self.init(standard: .microvm, others: [], reason: "as asked for, with emulated processors: \(host.why)")
        case (.process, _):
            self.init(standard: .process, others: [], reason: "as asked for")
        }
    }

    /// The first of the levels that can be had; where none can, the first, whose engine says what is wrong.
    private init(_ levels: [IsolationLevel], on host: HostAbilities, reason: String) {
        let all = IsolationPlan(standard: levels[0], others: Array(levels.dropFirst()), reason: reason)
        self = levels.reduce(all) { plan, level in
            host.missing[level].flatMap { plan.without(level, because: $0) } ?? plan
        }
    }

    package init(standard: IsolationLevel, others: [IsolationLevel], reason: String) {
        self.standard = standard
        self.others = others
        self.reason = reason
    }

    /// The plan of a host that cannot have `level`; nil when nothing else was to be run.
    package func without(_ level: IsolationLevel, because fault: String) -> IsolationPlan? {
        let left = levels.filter { $0 != level }
        guard let first = left.first else { return nil }
        return IsolationPlan(
            standard: first, others: Array(left.dropFirst()),
            reason: level == standard ? "\(level.rawValue) cannot be had here: \(fault)" : reason)
    }

    package var levels: [IsolationLevel] { [standard] + others }
}
