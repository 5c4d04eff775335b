import ArgumentParser
import BaseImages

/// The functions that are measured, one a runtime.
enum Subject: String, ExpressibleByArgument, CaseIterable, Sendable {
    case python = "python3.11"
    case java = "java17"
    case node = "nodejs20"

    var title: String {
        switch self {
        case .python: "Python echo"
        case .java: "Java orders"
        case .node: "Node echo"
        }
    }

    func function(in share: ShareDirectory) throws -> MeasuredFunction {
        switch self {
        case .python: .echo()
        case .java: try .example("java-orders", in: share)
        case .node: .nodeEcho()
        }
    }
}
