internal import FunctionModel
internal import Sandboxes

extension IsolationChoice {
    /// The level that is meant on a server whose sandboxes are of `level` unless a function asks.
    func level(default level: IsolationLevel) -> IsolationLevel {
        switch self {
        case .auto: level
        case .microvm: .microvm
        case .process: .process
        }
    }

    init(_ level: IsolationLevel) {
        switch level {
        case .microvm: self = .microvm
        case .process: self = .process
        }
    }
}
