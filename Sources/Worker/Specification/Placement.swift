internal import FunctionModel
internal import NetworkModel
internal import Sandboxes

/// Where a function's sandboxes run that are made now: how they are kept apart, and where they may send to.
struct Placement: Sendable {
    let functions: FunctionCatalog
    let networks: any NetworkCatalog
    /// The level of functions that ask for none.
    let defaultLevel: IsolationLevel

    /// The level at which sandboxes of `function` are booted now.
    func isolation(of function: FunctionConfiguration) async throws(LambdaError) -> IsolationLevel {
        try await functions.choices(function.functionName).isolation.level(default: defaultLevel)
    }

    /// Where sandboxes of `function` may send to now.
    func network(of function: FunctionConfiguration) async throws(LambdaError) -> NetworkMode {
        let tagged = try await functions.choices(function.functionName).network
        return try networks.mode(function.network(tagged: tagged))
    }
}
