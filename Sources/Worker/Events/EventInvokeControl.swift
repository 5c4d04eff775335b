internal import Basics
package import FunctionModel
internal import FunctionStore

/// Event invoke configurations: made, changed, read, deleted.
package struct EventInvokeControl: EventInvokeControlling {
    let functions: FunctionCatalog
    let store: any EventStore
    /// By ARN: what stands in for destinations.
    let targets: [String: EventTarget]
    let clock: WorkerClock

    package func putEventInvokeConfig(
        _ members: EventInvokeMembers, of reference: FunctionReference
    ) async throws(LambdaError) -> EventInvokeConfiguration {
        try members.check()
        return try await functions.changing(reference.name) { () throws(LambdaError) in
            try await checkExists(reference)
            try await check(members.destinations, of: reference.name)
            var configuration = EventInvokeConfiguration(
                functionName: reference.name, qualifier: reference.eventQualifier, lastModified: clock.date)
            configuration.change(members)
            return try await set(configuration)
        }
    }

    package func updateEventInvokeConfig(
        _ members: EventInvokeMembers, of reference: FunctionReference
    ) async throws(LambdaError) -> EventInvokeConfiguration {
        try members.check()
        return try await functions.changing(reference.name) { () throws(LambdaError) in
            try await checkExists(reference)
            try await check(members.destinations, of: reference.name)
            var configuration = try await find(reference)
            configuration.change(members)
            configuration.lastModified = clock.date
            return try await set(configuration)
        }
    }

    package func eventInvokeConfig(
        of reference: FunctionReference
    ) async throws(LambdaError) -> EventInvokeConfiguration { try await find(reference) }

    package func deleteEventInvokeConfig(of reference: FunctionReference) async throws(LambdaError) {
        let found = try await rethrowing(
            try await store.removeEventInvokeConfiguration(of: reference.name, qualifier: reference.eventQualifier),
            as: FunctionCatalog.lambdaError)
        guard found else { throw notFound(reference) }
    }

    package func listEventInvokeConfigs(
        of reference: FunctionReference, page: PageRequest
    ) async throws(LambdaError) -> Page<EventInvokeConfiguration> {
        let page = try page.listPage()
        guard try await functions.configuration(VersionKey(reference.name, .latest)) != nil else {
            throw .eventInvokeFunctionNotFound
        }
        return try await rethrowing(
            try await store.eventInvokeConfigurations(of: reference.name, page: page), as: FunctionCatalog.lambdaError)
    }

    private func find(_ reference: FunctionReference) async throws(LambdaError) -> EventInvokeConfiguration {
        let found = try await rethrowing(
            try await store.eventInvokeConfiguration(of: reference.name, qualifier: reference.eventQualifier),
            as: FunctionCatalog.lambdaError)
        guard let found else { throw notFound(reference) }
        return found
    }

    private func set(
        _ configuration: EventInvokeConfiguration
    ) async throws(LambdaError) -> EventInvokeConfiguration {
        try await rethrowing(
            try await store.setEventInvokeConfiguration(configuration), as: FunctionCatalog.lambdaError)
        return configuration
    }

    private func notFound(_ reference: FunctionReference) -> LambdaError {
        .eventInvokeConfigNotFound(functions.account.arn(name: reference.name, qualifier: reference.eventQualifier))
    }

    private func checkExists(_ reference: FunctionReference) async throws(LambdaError) {
        do throws(LambdaError) { _ = try await functions.resolve(reference) } catch {
            throw error.code == .resourceNotFound ? .eventInvokeFunctionNotFound : error
        }
    }

    private func check(
        _ destinations: EventInvokeMembers.Destinations?, of function: String
    ) async throws(LambdaError) {
        guard let destinations else { return }
        for arn in [destinations.onFailure, destinations.onSuccess] {
            guard let arn, !arn.isEmpty, targets[arn] == nil else { continue }
            switch Destination(arn: arn) {
            case .function(let target):
                guard target.name != function else { throw .destinationIsItself }
                do throws(LambdaError) { _ = try await functions.resolve(target) } catch {
                    throw .destinationInvalid(arn)
                }
            case .queue, .topic: continue
            case .eventBus, .bucket: throw .destinationUnserved(arn)
            case nil:
                if arn.hasPrefix("kafka://") { throw .destinationUnserved(arn) }
                throw .destinationsInvalid(
                    onSuccess: destinations.onSuccess.nonEmpty, onFailure: destinations.onFailure.nonEmpty)
            }
        }
    }
}

extension FunctionReference {
    /// What a configuration of events is kept for.
    var eventQualifier: String { qualifier ?? "$LATEST" }
}

extension Optional where Wrapped == String {
    fileprivate var nonEmpty: String? { self?.isEmpty == false ? self : nil }
}

extension EventInvokeConfiguration {
    fileprivate mutating func change(_ members: EventInvokeMembers) {
        maximumRetryAttempts = members.maximumRetryAttempts ?? maximumRetryAttempts
        maximumEventAge = members.maximumEventAge ?? maximumEventAge
        guard let destinations = members.destinations else { return }
        onSuccess = destinations.onSuccess.nonEmpty
        onFailure = destinations.onFailure.nonEmpty
    }
}
