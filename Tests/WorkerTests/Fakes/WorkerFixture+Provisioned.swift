import FunctionModel
import Worker

extension WorkerFixture {
    @discardableResult
    func provision(
        _ count: Int, for qualifier: String, of name: String = "f"
    ) async throws -> ProvisionedConcurrencyState {
        try await worker.concurrency.provision(count, for: FunctionReference(name: name, qualifier: qualifier))
    }

    func provisioned(_ qualifier: String, of name: String = "f") async throws -> ProvisionedConcurrencyState {
        try await worker.concurrency.provisionedConcurrency(of: FunctionReference(name: name, qualifier: qualifier))
    }

    func makeAlias(_ alias: String, to version: String, weights: [String: Double]? = nil, of name: String = "f")
        async throws
    {
        _ = try await worker.aliases.createAlias(
            CreateAliasRequest(
                functionName: name, name: alias, members: AliasMembers(functionVersion: version, weights: weights)))
    }

    /// Changes the function, and publishes its next version.
    func publishAnother(_ name: String = "f") async throws {
        _ = try await worker.control.updateFunctionConfiguration(
            UpdateFunctionConfigurationRequest(
                functionName: name, runtime: nil, role: nil, handler: nil,
                settings: FunctionSettings(description: "another"), revisionID: nil))
        await settled()
        try await publish(name)
        await settled()
    }
}
