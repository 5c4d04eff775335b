internal import Basics
package import FunctionModel
internal import FunctionStore

/// Reserves concurrency for functions. The store has it durable, ``Admission`` has it at hand.
package struct ConcurrencyControl: ConcurrencyControlling {
    let functions: FunctionCatalog
    let store: any ConcurrencyStore
    let admission: Admission
    let provisioned: ProvisionedSandboxes
    let allowsSnapStart: Bool
    let clock: WorkerClock
    /// Held from looking at what is left until some of it is taken.
    private let lock = KeyedLock<Int>()

    init(
        functions: FunctionCatalog, store: any ConcurrencyStore, admission: Admission,
        provisioned: ProvisionedSandboxes,
        allowsSnapStart: Bool, clock: WorkerClock
    ) {
        self.functions = functions
        self.store = store
        self.admission = admission
        self.provisioned = provisioned
        self.allowsSnapStart = allowsSnapStart
        self.clock = clock
    }

    /// Reads what the store has. Call once, before serving.
    func recover() async throws(LambdaError) {
        let reserved = try await rethrowing(
            try await store.reservedConcurrency(), as: FunctionCatalog.lambdaError)
        for (function, executions) in reserved { admission.setReserved(executions, of: function) }
        try await rethrowing(try await provisioned.recover(), as: FunctionCatalog.lambdaError)
    }

    package func reserve(_ executions: Int, for reference: FunctionReference) async throws(LambdaError) {
        try checkUnqualified(reference)
        let name = reference.name
        try await changing(name) { () throws(LambdaError) in
            guard try await functions.configuration(VersionKey(name, .latest)) != nil else {
                throw .functionNotFound(functions.account.arn(name: name, qualifier: "$LATEST"))
            }
            let left = admission.unreserved + (admission.reserved(name) ?? admission.provisioned(name)) - executions
            // Nothing can always be reserved: it stops a function.
            if executions > 0, left < admission.limits.minimumUnreserved {
                throw .reservedBelowMinimum(admission.limits.minimumUnreserved)
            }
            let provisioned = admission.provisioned(name)
            if provisioned > executions { throw .reservedBelowProvisioned(executions, provisioned: provisioned) }
            try await set(executions, of: name)
        }
    }

    package func endReservation(of reference: FunctionReference) async throws(LambdaError) {
        try checkUnqualified(reference)
        let name = reference.name
        try await changing(name) { () throws(LambdaError) in
            _ = try await functions.latest(name)
            try await set(nil, of: name)
        }
    }

    package func reservation(of reference: FunctionReference) async throws(LambdaError) -> Int? {
        _ = try await functions.latest(reference.name)
        return admission.reserved(reference.name)
    }

    package var account: AccountConcurrency {
        AccountConcurrency(limit: admission.limits.account, unreserved: admission.unreserved)
    }

    private func set(_ executions: Int?, of name: String) async throws(LambdaError) {
        try await rethrowing(
            try await store.setReservedConcurrency(executions, of: name), as: FunctionCatalog.lambdaError)
        admission.setReserved(executions, of: name)
    }

    private func checkUnqualified(_ reference: FunctionReference) throws(LambdaError) {
        guard reference.qualifier == nil else { throw .concurrencyOfVersion }
    }

    /// The account's lock comes first, then the function's.
    func changing<R: Sendable>(
        _ name: String, _ body: @escaping @Sendable () async throws(LambdaError) -> R
    ) async throws(LambdaError) -> R {
        let (functions, lock) = (functions, lock)
        return try await lock.withLock(0) { () async throws(LambdaError) -> R in
            try await functions.changing(name, body)
        }
    }
}
