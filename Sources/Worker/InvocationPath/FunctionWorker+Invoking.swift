package import FunctionModel

extension FunctionWorker {
    package func invoke(_ request: InvokeRequest) async throws(LambdaError) -> InvokeResponse {
        let function = try await catalog.resolve(request.reference, defaultQualifier: "$LATEST")
        switch request.type {
        case .requestResponse: break
        case .event: throw .eventInvocationUnavailable
        case .dryRun:
            return InvokeResponse(executedVersion: function.version, functionError: nil, logTail: nil, payload: [])
        }
        let key = VersionKey(function)
        if case .inactive(let reason) = function.state {
            try await renewSnapshot(of: key, because: reason.message)
        }
        try function.checkInvocable()
        do throws(Invoker.Refusal) {
            return try await invoker.invoke(request, function)
        } catch {
            switch error {
            case .refused(let error): throw error
            case .snapshotUnusable(let reason):
                try await renewSnapshot(of: key, because: reason)
                throw .snapStartNotReady
            }
        }
    }
}
