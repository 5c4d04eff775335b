internal import Basics
package import FunctionModel
internal import FunctionStore

/// The account's limits and usage, and its code signing configurations, which are kept and shown and nothing else.
package struct AccountControl: AccountKeeping {
    let store: any AccountStore
    let account: AccountScope
    let concurrency: ConcurrencyControl
    let clock: WorkerClock

    package func accountSettings() async throws(LambdaError) -> AccountSettings {
        let usage = try await stored { () throws(FunctionStoreError) in try await store.usage() }
        let concurrency = concurrency.account
        return AccountSettings(
            concurrentExecutions: concurrency.limit, unreservedConcurrentExecutions: concurrency.unreserved,
            functionCount: usage.functions, codeSize: usage.codeSize)
    }

    package func createCodeSigning(
        _ members: CodeSigningMembers
    ) async throws(LambdaError) -> CodeSigningConfiguration {
        try members.check(isNew: true)
        let configuration = CodeSigningConfiguration(
            id: CodeSigningConfiguration.makeID(), description: members.description,
            publishers: members.publishers ?? [], policy: members.policy ?? CodeSigningMembers.standardPolicy,
            lastModified: clock.date)
        try await stored { () throws(FunctionStoreError) in try await store.save(configuration) }
        return configuration
    }

    package func codeSigning(arn: String) async throws(LambdaError) -> CodeSigningConfiguration {
        if let id = account.codeSigningID(in: arn),
            let found = try await stored({ () throws(FunctionStoreError) in
                try await store.codeSigningConfiguration(id)
            })
        {
            return found
        }
        throw .codeSigningNotFound(arn)
    }

    package func codeSigning(page: PageRequest) async throws(LambdaError) -> Page<CodeSigningConfiguration> {
        let page = try page.listPage()
        return try await stored { () throws(FunctionStoreError) in
            try await store.codeSigningConfigurations(page: page)
        }
    }

    package func updateCodeSigning(
        arn: String, _ members: CodeSigningMembers
    ) async throws(LambdaError) -> CodeSigningConfiguration {
        try members.check(isNew: false)
        var configuration = try await codeSigning(arn: arn)
        if let description = members.description { configuration.description = description }
        if let publishers = members.publishers { configuration.publishers = publishers }
        if let policy = members.policy { configuration.policy = policy }
        configuration.lastModified = clock.date
        let changed = configuration
        try await stored { () throws(FunctionStoreError) in try await store.save(changed) }
        return changed
    }

    package func deleteCodeSigning(arn: String) async throws(LambdaError) {
        let configuration = try await codeSigning(arn: arn)
        let users = try await functions(withCodeSigning: arn, page: PageRequest(maximumItems: 1))
        guard users.items.isEmpty else { throw .codeSigningInUse(arn) }
        try await stored { () throws(FunctionStoreError) in
            try await store.deleteCodeSigningConfiguration(configuration.id)
        }
    }

    package func functions(
        withCodeSigning arn: String, page: PageRequest
    ) async throws(LambdaError) -> Page<String> {
        let configuration = try await codeSigning(arn: arn)
        let page = try page.listPage()
        return try await stored { () throws(FunctionStoreError) in
            try await store.functions(with: .codeSigning, equal: configuration.id, page: page)
        }
    }

    private func stored<R: Sendable>(
        _ work: () async throws(FunctionStoreError) -> R
    ) async throws(LambdaError) -> R {
        do { return try await work() } catch { throw FunctionCatalog.lambdaError(error) }
    }
}
