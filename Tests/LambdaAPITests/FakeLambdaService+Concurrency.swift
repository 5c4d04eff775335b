import FunctionModel
import Worker

/// Keeps what is reserved, without any rule.
extension FakeLambdaService: ConcurrencyControlling {
    func reserve(_ executions: Int, for reference: FunctionReference) async throws(LambdaError) {
        try await perform { state throws(LambdaError) in
            _ = try Self.find(FunctionReference(name: reference.name), in: state)
            state.reserved[reference.name] = executions
        }
    }

    func endReservation(of reference: FunctionReference) async throws(LambdaError) {
        try await perform { state throws(LambdaError) in
            _ = try Self.find(FunctionReference(name: reference.name), in: state)
            state.reserved[reference.name] = nil
        }
    }

    func reservation(of reference: FunctionReference) async throws(LambdaError) -> Int? {
        try await perform { state throws(LambdaError) in
            _ = try Self.find(FunctionReference(name: reference.name), in: state)
            return state.reserved[reference.name]
        }
    }

    var account: AccountConcurrency { AccountConcurrency(limit: 1_000, unreserved: 1_000) }
}

/// Keeps configurations by qualifier, without any rule.
extension FakeLambdaService: EventInvokeControlling {
    func putEventInvokeConfig(
        _ members: EventInvokeMembers, of reference: FunctionReference
    ) async throws(LambdaError) -> EventInvokeConfiguration {
        try members.check()
        return try await perform { state throws(LambdaError) in
            let qualifier = reference.qualifier ?? "$LATEST"
            let configuration = EventInvokeConfiguration(
                functionName: reference.name, qualifier: qualifier,
                maximumRetryAttempts: members.maximumRetryAttempts, maximumEventAge: members.maximumEventAge,
                onSuccess: members.destinations?.onSuccess, onFailure: members.destinations?.onFailure,
                lastModified: .sample)
            state.eventConfigurations[qualifier] = configuration
            return configuration
        }
    }

    func updateEventInvokeConfig(
        _ members: EventInvokeMembers, of reference: FunctionReference
    ) async throws(LambdaError) -> EventInvokeConfiguration {
        try await putEventInvokeConfig(members, of: reference)
    }

    func eventInvokeConfig(of reference: FunctionReference) async throws(LambdaError) -> EventInvokeConfiguration {
        try await perform { state throws(LambdaError) in
            guard let found = state.eventConfigurations[reference.qualifier ?? "$LATEST"] else {
                throw .eventInvokeConfigNotFound(
                    AccountScope().arn(name: reference.name, qualifier: reference.qualifier ?? "$LATEST"))
            }
            return found
        }
    }

    func deleteEventInvokeConfig(of reference: FunctionReference) async throws(LambdaError) {
        _ = try await eventInvokeConfig(of: reference)
    }

    func listEventInvokeConfigs(
        of reference: FunctionReference, page: PageRequest
    ) async throws(LambdaError) -> Page<EventInvokeConfiguration> {
        try await perform { state throws(LambdaError) in
            Page(
                items: state.eventConfigurations.values.sorted { $0.qualifier < $1.qualifier },
                nextMarker: state.nextMarker)
        }
    }
}

/// Has everything ready at once, and three of what is asked for more of.
extension FakeLambdaService: ProvisionedConcurrencyKeeping {
    func provision(
        _ executions: Int, for reference: FunctionReference
    ) async throws(LambdaError) -> ProvisionedConcurrencyState {
        try await perform { state throws(LambdaError) in
            let qualifier = reference.qualifier ?? ""
            let asked = ProvisionedConcurrencyState(
                ProvisionedConcurrency(
                    functionName: reference.name, qualifier: qualifier, requested: executions, lastModified: .sample),
                available: 0, status: .inProgress)
            var known = asked
            (known.available, known.status) = executions > 3 ? (3, .failed) : (executions, .ready)
            known.reason = executions > 3 ? "FUNCTION_ERROR_INIT_FAILURE" : nil
            state.provisioned[qualifier] = known
            return asked
        }
    }

    func provisionedConcurrency(
        of reference: FunctionReference
    ) async throws(LambdaError) -> ProvisionedConcurrencyState {
        try await perform { state throws(LambdaError) in
            guard let known = state.provisioned[reference.qualifier ?? ""] else {
                throw .provisionedConcurrencyConfigNotFound
            }
            return known
        }
    }

    func listProvisionedConcurrency(
        of reference: FunctionReference, page: PageRequest
    ) async throws(LambdaError) -> Page<ProvisionedConcurrencyState> {
        try await perform { state throws(LambdaError) in
            state.page = page
            return Page(
                items: state.provisioned.sorted { $0.key < $1.key }.map(\.value), nextMarker: state.nextMarker)
        }
    }

    func endProvisioning(of reference: FunctionReference) async throws(LambdaError) {
        try await perform { state throws(LambdaError) in state.provisioned[reference.qualifier ?? ""] = nil }
    }
}
