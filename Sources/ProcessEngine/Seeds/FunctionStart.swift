import GuestProtocol

/// What `/runtime/seed/next` answers: how the runtime would have been started if its function had been known.
struct FunctionStart: Sendable, Encodable {
    let arguments: [String]
    let environment: [String: String]
    let workingDirectory: String

    init(_ initialization: Initialization) {
        arguments = initialization.arguments
        environment = Dictionary(initialization.environment.map { ($0.name, $0.value) }) { $1 }
        workingDirectory = initialization.workingDirectory
    }
}
