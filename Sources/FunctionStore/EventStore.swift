package import FunctionModel

/// The events that wait for their functions, and what is to be done with them. Every method is durable when it returns.
package protocol EventStore: Sendable {
    /// Makes all changes at once, and says of each what came of it.
    func commit(_ changes: [EventChange]) async throws(FunctionStoreError) -> [EventOutcome]

    /// At most `limit` waiting events after the one with that id, in the order in which they came.
    func waitingEvents(after id: Int64, limit: Int) async throws(FunctionStoreError) -> [WaitingEvent]

    /// All of an event; nil when it is gone.
    func event(_ id: Int64) async throws(FunctionStoreError) -> StoredEvent?

    func eventInvokeConfiguration(
        of function: String, qualifier: String
    ) async throws(FunctionStoreError) -> EventInvokeConfiguration?

    /// By qualifier.
    func eventInvokeConfigurations(
        of function: String, page: ListPage
    ) async throws(FunctionStoreError) -> Page<EventInvokeConfiguration>

    /// Adds a configuration, or replaces the one of its qualifier. Throws `.notFound` when there is no such function.
    func setEventInvokeConfiguration(_ configuration: EventInvokeConfiguration) async throws(FunctionStoreError)

    /// Says whether there was one.
    func removeEventInvokeConfiguration(
        of function: String, qualifier: String
    ) async throws(FunctionStoreError) -> Bool
}

/// An event as it was accepted.
package struct Event: Sendable, Hashable {
    package var functionName: String
    /// As the caller wrote it.
    package var qualifier: String?
    package var requestID: String
    package var traceID: String?
    package var clientContext: String?
    package var payload: [UInt8]
    /// Milliseconds since 1970.
    package var acceptedAt: Int64

    package init(
        functionName: String, qualifier: String?, requestID: String, traceID: String? = nil,
        clientContext: String? = nil, payload: [UInt8], acceptedAt: Int64
    ) {
        self.functionName = functionName
        self.qualifier = qualifier
        self.requestID = requestID
        self.traceID = traceID
        self.clientContext = clientContext
        self.payload = payload
        self.acceptedAt = acceptedAt
    }
}

package struct StoredEvent: Sendable, Hashable {
    package var id: Int64
    package var event: Event
    package var attempts: Int
    /// What remains to be told of an event that has ended, as whoever ended it wrote it down.
    package var deliveries: String?

    package init(id: Int64, event: Event, attempts: Int, deliveries: String?) {
        self.id = id
        self.event = event
        self.attempts = attempts
        self.deliveries = deliveries
    }
}

/// What a queue keeps in memory of an event.
package struct WaitingEvent: Sendable, Hashable {
    package var id: Int64
    package var functionName: String
    package var dueAt: Int64
    package var size: Int

    package init(id: Int64, functionName: String, dueAt: Int64, size: Int) {
        self.id = id
        self.functionName = functionName
        self.dueAt = dueAt
        self.size = size
    }
}

package enum EventChange: Sendable {
    case add(Event)
    /// Tried, and to be tried again.
    case postpone(id: Int64, attempts: Int, dueAt: Int64)
    /// Ended, and to be told.
    case end(id: Int64, deliveries: String, attempts: Int, dueAt: Int64)
    case remove(id: Int64)

    /// What it has to be written, roughly.
    package var size: Int {
        switch self {
        case .add(let event): event.payload.count + 256
        case .end(_, let deliveries, _, _): deliveries.utf8.count + 64
        case .postpone, .remove: 64
        }
    }
}

package enum EventOutcome: Sendable, Hashable {
    /// The id of an event that was added.
    case added(Int64)
    case changed
    /// The event, or its function, is not there any more.
    case gone
}
