package import FunctionModel

/// Event source mappings. As on AWS they outlive their function, until somebody deletes them.
///
/// Every method is durable when it returns; one that throws changed nothing.
package protocol EventSourceStore: Sendable {
    /// Adds the mapping, or replaces the one that has its UUID.
    func save(_ mapping: EventSourceMapping) async throws(FunctionStoreError)

    func eventSourceMapping(_ uuid: String) async throws(FunctionStoreError) -> EventSourceMapping?

    /// All of them, by UUID.
    func eventSourceMappings() async throws(FunctionStoreError) -> [EventSourceMapping]

    /// Does nothing when there is none.
    func deleteEventSourceMapping(_ uuid: String) async throws(FunctionStoreError)
}
