import ArgumentParser
import BaseImages
import FunctionModel

/// The functions that are measured, one a base image.
enum Subject: String, ExpressibleByArgument, CaseIterable, Sendable {
    case python311 = "python3.11"
    case python313 = "python3.13"
    case java17
    case java21
    case java25
    case node20 = "nodejs20"
    case node22 = "nodejs22"
    case node24 = "nodejs24"

    enum Language: Sendable { case python, java, node }

    var language: Language {
        switch self {
        case .python311, .python313: .python
        case .java17, .java21, .java25: .java
        case .node20, .node22, .node24: .node
        }
    }

    /// Those of the oldest releases have no number in their rows, which are compared with older ones.
    var title: String {
        switch self {
        case .python311: "Python echo"
        case .python313: "Python 3.13 echo"
        case .java17: "Java orders"
        case .java21: "Java 21 orders"
        case .java25: "Java 25 orders"
        case .node20: "Node echo"
        case .node22: "Node 22 echo"
        case .node24: "Node 24 echo"
        }
    }

    func function(in share: ShareDirectory) throws -> MeasuredFunction {
        var function: MeasuredFunction
        switch language {
        case .python: function = .echo()
        case .java: function = try .example("java-orders", in: share)
        case .node: function = .nodeEcho()
        }
        guard Runtimes.image(for: function.runtime) != rawValue else { return function }
        function.name += "-\(rawValue.filter { $0.isLetter || $0.isNumber })"
        function.runtime = Runtimes.names(servedBy: [rawValue]).first ?? rawValue
        return function
    }
}
