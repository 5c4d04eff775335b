package import FunctionModel
internal import FunctionStore

extension FunctionControl {
    package func functionDescription(_ reference: FunctionReference) async throws(LambdaError) -> FunctionDescription {
        let configuration = try await functions.resolve(reference)
        return FunctionDescription(
            configuration: configuration, tags: try await functions.tags(of: configuration.functionName))
    }

    package func functionConfiguration(
        _ reference: FunctionReference
    ) async throws(LambdaError) -> FunctionConfiguration {
        try await functions.resolve(reference)
    }

    package func listFunctions(
        allVersions: Bool, page: PageRequest
    ) async throws(LambdaError) -> Page<FunctionConfiguration> {
        let listed = try await functions.list(allVersions: allVersions, page: listPage(page))
        return Page(items: listed.items, nextMarker: listed.nextMarker)
    }

    package func listVersions(
        functionName: String, page: PageRequest
    ) async throws(LambdaError) -> Page<FunctionConfiguration> {
        let name = try name(functionName)
        _ = try await functions.latest(name)
        let listed = try await functions.versions(of: name, page: listPage(page))
        return Page(items: listed.items, nextMarker: listed.nextMarker)
    }

    private func listPage(_ page: PageRequest) throws(LambdaError) -> ListPage {
        try FunctionValidation.checkPage(maximumItems: page.maximumItems)
        return ListPage(
            marker: page.marker, limit: min(page.maximumItems ?? Limits.pageItemsGiven, Limits.pageItemsGiven))
    }
}
