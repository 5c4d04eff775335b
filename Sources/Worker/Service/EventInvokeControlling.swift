package import FunctionModel

/// What is done with the events of functions.
package protocol EventInvokeControlling: Sendable {
    /// Replaces the configuration of what the reference names.
    func putEventInvokeConfig(
        _ members: EventInvokeMembers, of reference: FunctionReference
    ) async throws(LambdaError) -> EventInvokeConfiguration
    /// Changes what is given; there must be a configuration.
    func updateEventInvokeConfig(
        _ members: EventInvokeMembers, of reference: FunctionReference
    ) async throws(LambdaError) -> EventInvokeConfiguration
    func eventInvokeConfig(of reference: FunctionReference) async throws(LambdaError) -> EventInvokeConfiguration
    func deleteEventInvokeConfig(of reference: FunctionReference) async throws(LambdaError)
    func listEventInvokeConfigs(
        of reference: FunctionReference, page: PageRequest
    ) async throws(LambdaError) -> Page<EventInvokeConfiguration>
}
