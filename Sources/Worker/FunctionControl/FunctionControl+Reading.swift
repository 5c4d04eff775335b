package import FunctionModel
internal import FunctionStore

extension FunctionControl {
    package func functionDescription(_ reference: FunctionReference) async throws(LambdaError) -> FunctionDescription {
        let configuration = withProgress(try await functions.resolve(reference).configuration)
        return FunctionDescription(
            configuration: configuration, tags: try await functions.tags(of: configuration.functionName),
            reservedConcurrency: admission.reserved(configuration.functionName))
    }

    package func functionConfiguration(
        _ reference: FunctionReference
    ) async throws(LambdaError) -> FunctionConfiguration {
        withProgress(try await functions.resolve(reference).configuration)
    }

    /// Says of a function that waits for its image how far that is.
    private func withProgress(_ configuration: FunctionConfiguration) -> FunctionConfiguration {
        guard let image = configuration.image, configuration.isUnfinished,
            let progress = images.containers.progress(of: image)
        else { return configuration }
        return configuration.showing(progress: progress)
    }

    package func listFunctions(
        allVersions: Bool, page: PageRequest
    ) async throws(LambdaError) -> Page<FunctionConfiguration> {
        try await functions.list(allVersions: allVersions, page: page.listPage())
    }

    package func listVersions(
        functionName: String, page: PageRequest
    ) async throws(LambdaError) -> Page<FunctionConfiguration> {
        let name = try name(functionName)
        _ = try await functions.latest(name)
        return try await functions.versions(of: name, page: page.listPage())
    }
}

extension PageRequest {
    func listPage() throws(LambdaError) -> ListPage {
        try FunctionValidation.checkPage(maximumItems: maximumItems)
        return ListPage(marker: marker, limit: min(maximumItems ?? Limits.pageItemsGiven, Limits.pageItemsGiven))
    }
}
