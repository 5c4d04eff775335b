import Foundation
import FunctionModel
import Worker

/// Mappings that are whatever was asked for.
extension FakeLambdaService: EventSourceKeeping {
    func createEventSourceMapping(_ request: CreateEventSourceRequest) async throws(LambdaError) -> EventSourceMapping {
        guard let kind = EventSourceKind(request.settings) else { throw .unknownEventSource }
        return EventSourceMapping(
            uuid: Self.uuid, kind: kind, functionName: request.functionName, qualifier: nil,
            settings: request.settings.withDefaults(of: kind, uuid: Self.uuid), state: .creating,
            lastModified: Date(timeIntervalSince1970: 1_700_000_000.5), tags: request.tags)
    }

    func eventSourceMapping(_ uuid: String) async throws(LambdaError) -> EventSourceMapping {
        throw .eventSourceMappingNotFound
    }

    func eventSourceMappings(
        of function: String?, source: String?, page: PageRequest
    ) async throws(LambdaError) -> Page<EventSourceMapping> {
        Page(items: [], nextMarker: nil)
    }

    func updateEventSourceMapping(_ request: UpdateEventSourceRequest) async throws(LambdaError) -> EventSourceMapping {
        throw .eventSourceMappingNotFound
    }

    func deleteEventSourceMapping(_ uuid: String) async throws(LambdaError) -> EventSourceMapping {
        throw .eventSourceMappingNotFound
    }

    func tagsOfEventSourceMapping(_ arn: String) async throws(LambdaError) -> [String: String] {
        throw .taggedEventSourceMappingNotFound(arn)
    }

    func changeTagsOfEventSourceMapping(
        _ arn: String, _ change: @escaping @Sendable ([String: String]) -> [String: String]
    ) async throws(LambdaError) {
        throw .taggedEventSourceMappingNotFound(arn)
    }

    static let uuid = "8f9b1c3e-0000-4000-8000-000000000001"
}
