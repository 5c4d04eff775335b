package import FunctionModel

/// Creates, reads, changes and deletes event source mappings.
package protocol EventSourceKeeping: Sendable {
    func createEventSourceMapping(_ request: CreateEventSourceRequest) async throws(LambdaError) -> EventSourceMapping
    func eventSourceMapping(_ uuid: String) async throws(LambdaError) -> EventSourceMapping
    /// - Parameters:
    ///   - function: those of this function, with this qualifier; nil: of all.
    ///   - source: those of the source with this ARN; nil: of all.
    func eventSourceMappings(
        of function: String?, source: String?, page: PageRequest
    ) async throws(LambdaError) -> Page<EventSourceMapping>
    func updateEventSourceMapping(_ request: UpdateEventSourceRequest) async throws(LambdaError) -> EventSourceMapping
    func deleteEventSourceMapping(_ uuid: String) async throws(LambdaError) -> EventSourceMapping

    /// - Parameter arn: the mapping's.
    func tagsOfEventSourceMapping(_ arn: String) async throws(LambdaError) -> [String: String]
    /// Replaces the tags by what `change` makes of them.
    func changeTagsOfEventSourceMapping(
        _ arn: String, _ change: @escaping @Sendable ([String: String]) -> [String: String]
    ) async throws(LambdaError)
}

package struct CreateEventSourceRequest: Sendable {
    package var functionName: String
    package var settings: EventSourceSettings
    package var enabled: Bool?
    package var tags: [String: String]

    package init(functionName: String, settings: EventSourceSettings, enabled: Bool?, tags: [String: String]) {
        self.functionName = functionName
        self.settings = settings
        self.enabled = enabled
        self.tags = tags
    }
}

package struct UpdateEventSourceRequest: Sendable {
    package var uuid: String
    package var functionName: String?
    package var settings: EventSourceSettings
    package var enabled: Bool?

    package init(uuid: String, functionName: String?, settings: EventSourceSettings, enabled: Bool?) {
        self.uuid = uuid
        self.functionName = functionName
        self.settings = settings
        self.enabled = enabled
    }
}
