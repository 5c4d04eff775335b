import ArgumentParser
import FunctionModel
import MicroVMEngine
import Sandboxes

/// How sandboxes are kept apart from each other and from the host, as an operator says it.
enum Isolation: String, ExpressibleByArgument, CaseIterable, Sendable {
    case auto
    case microvm
    case process
}

/// The isolation levels of a server.
struct IsolationPlan: Sendable, Equatable {
    /// For functions that do not ask.
    var standard: IsolationLevel
    /// For functions that ask by their tag. None when the operator chose: then nothing weaker, and nothing else, runs.
    var others: [IsolationLevel]
    var reason: String

    /// `auto` is microVMs where they are fast, because they keep hostile code apart; where their processors would be
    /// emulated it is processes.
    init(_ asked: Isolation, accelerator: Accelerator) {
        switch (asked, accelerator) {
        case (.auto, .kvm):
            self.init(standard: .microvm, others: [.process], reason: "hardware virtualisation works here")
        case (.auto, .tcg):
            self.init(
                standard: .process, others: [.microvm],
                reason: "no hardware virtualisation here, see `thaw doctor`; functions that are not trusted can have "
                    + "emulated microVMs by their tag \(FunctionTags.isolationKey)")
        case (.microvm, .kvm):
            self.init(standard: .microvm, others: [], reason: "as asked for, with hardware virtualisation")
        case (.microvm, .tcg):
            self.init(
                standard: .microvm, others: [],
                reason: "as asked for, with emulated processors: no hardware virtualisation here, see `thaw doctor`")
        case (.process, _):
            self.init(standard: .process, others: [], reason: "as asked for")
        }
    }

    init(standard: IsolationLevel, others: [IsolationLevel], reason: String) {
        self.standard = standard
        self.others = others
        self.reason = reason
    }

    /// The plan of a host that cannot have `level`; nil when nothing else was to be run.
    func without(_ level: IsolationLevel, because reason: String) -> IsolationPlan? {
        let left = levels.filter { $0 != level }
        guard let first = left.first else { return nil }
        return IsolationPlan(
            standard: first, others: Array(left.dropFirst()),
            reason: "\(level.rawValue) cannot be had here: \(reason)")
    }

    var levels: [IsolationLevel] { [standard] + others }
}
