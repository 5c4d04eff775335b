package import FunctionModel
internal import FunctionStore

import struct Foundation.Date

extension FunctionWorker {
    package func functionDescription(_ reference: FunctionReference) async throws(LambdaError) -> FunctionDescription {
        let configuration = try await catalog.resolve(reference)
        let tags = try await catalog.calling { (store) throws(FunctionStoreError) in
            try await store.tags(configuration.functionName)
        }
        return FunctionDescription(configuration: configuration, tags: tags)
    }

    package func functionConfiguration(
        _ reference: FunctionReference
    ) async throws(LambdaError) -> FunctionConfiguration {
        try await catalog.resolve(reference)
    }

    package func listFunctions(
        allVersions: Bool, page: PageRequest
    ) async throws(LambdaError) -> Page<FunctionConfiguration> {
        let wanted = try listPage(page)
        let listed = try await catalog.calling { (store) throws(FunctionStoreError) in
            try await store.list(allVersions: allVersions, page: wanted)
        }
        return Page(items: listed.items, nextMarker: listed.nextMarker)
    }

    package func listVersions(
        functionName: String, page: PageRequest
    ) async throws(LambdaError) -> Page<FunctionConfiguration> {
        let name = try name(functionName)
        _ = try await catalog.latest(name)
        let wanted = try listPage(page)
        let listed = try await catalog.calling { (store) throws(FunctionStoreError) in
            try await store.versions(of: name, page: wanted)
        }
        return Page(items: listed.items, nextMarker: listed.nextMarker)
    }

    private func listPage(_ page: PageRequest) throws(LambdaError) -> ListPage {
        try FunctionValidation.checkPage(maximumItems: page.maximumItems)
        return ListPage(
            marker: page.marker, limit: min(page.maximumItems ?? Limits.pageItemsGiven, Limits.pageItemsGiven))
    }

    /// The name in what a caller gave as one: a name or an ARN.
    func name(_ text: String) throws(LambdaError) -> String {
        try FunctionReference(parsing: text, in: configuration.account).name
    }

    var now: Date { Date(timeIntervalSince1970: Double(parts.clock.wallClock()) / 1e9) }
}
