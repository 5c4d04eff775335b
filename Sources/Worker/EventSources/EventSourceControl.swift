internal import AWSClients
internal import Basics
package import FunctionModel
internal import FunctionStore
internal import Logging

import struct Foundation.UUID

/// Event source mappings: created, read, changed, deleted. What is to be polled is handed to ``EventSourcePolling``.
package struct EventSourceControl: EventSourceKeeping {
    let functions: FunctionCatalog
    let store: any EventSourceStore
    let polling: EventSourcePolling
    let sqs: SQSClient
    let tasks: BackgroundTasks
    let clock: WorkerClock
    let logger: Logger
    /// One change at a time: whether a source is taken is a question about all of them.
    private let changes = KeyedLock<String>()

    /// Mappings of a page, at most.
    private static let pageItems = 100

    init(
        functions: FunctionCatalog, store: any EventSourceStore, polling: EventSourcePolling, sqs: SQSClient,
        tasks: BackgroundTasks, clock: WorkerClock, logger: Logger
    ) {
        self.functions = functions
        self.store = store
        self.polling = polling
        self.sqs = sqs
        self.tasks = tasks
        self.clock = clock
        self.logger = logger
    }

    // MARK: - Reading

    package func eventSourceMapping(_ uuid: String) async throws(LambdaError) -> EventSourceMapping {
        guard let found = try await stored(uuid) else { throw .eventSourceMappingNotFound }
        return found
    }

    package func eventSourceMappings(
        of function: String?, source: String?, page: PageRequest
    ) async throws(LambdaError) -> Page<EventSourceMapping> {
        try FunctionValidation.checkPage(maximumItems: page.maximumItems)
        let reference: FunctionReference?
        if let function { reference = try FunctionReference(parsing: function) } else { reference = nil }
        let all = try await rethrowing(try await store.eventSourceMappings(), as: FunctionCatalog.lambdaError)
        let wanted = all.filter { mapping in
            if let source, mapping.settings.eventSourceARN != source { return false }
            if let reference, mapping.functionName != reference.name || mapping.qualifier != reference.qualifier {
                return false
            }
            return page.marker.map { mapping.uuid > $0 } ?? true
        }
        let limit = min(page.maximumItems ?? Self.pageItems, Self.pageItems)
        let items = Array(wanted.prefix(limit))
        return Page(items: items, nextMarker: wanted.count > limit ? items.last?.uuid : nil)
    }

    // MARK: - Changing

    package func createEventSourceMapping(
        _ request: CreateEventSourceRequest
    ) async throws(LambdaError) -> EventSourceMapping {
        try EventSourceValidation.checkModel(request.settings)
        let reference = try FunctionReference(parsing: request.functionName)
        guard let kind = EventSourceKind(request.settings) else { throw .unknownEventSource }
        let uuid = UUID().uuidString.lowercased()
        let settings = request.settings.withDefaults(of: kind, uuid: uuid)
        try EventSourceValidation.check(settings, given: request.settings, of: kind)
        try await checkFunction(reference)
        try await checkQueue(settings, kind, of: reference)
        let isEnabled = request.enabled ?? true
        let mapping = EventSourceMapping(
            uuid: uuid, kind: kind, functionName: reference.name, qualifier: reference.qualifier, settings: settings,
            state: isEnabled ? .creating : .disabled, lastModified: clock.date, tags: request.tags)
        try await changing { () throws(LambdaError) in
            try await checkUnique(mapping)
            try await save(mapping)
        }
        settleInBackground(uuid)
        return mapping
    }

    package func updateEventSourceMapping(
        _ request: UpdateEventSourceRequest
    ) async throws(LambdaError) -> EventSourceMapping {
        try EventSourceValidation.checkModel(request.settings)
        let reference: FunctionReference?
        if let name = request.functionName {
            reference = try FunctionReference(parsing: name)
        } else {
            reference = nil
        }
        let updated = try await changing { () throws(LambdaError) in
            guard var next = try await stored(request.uuid), next.state != .deleting else {
                throw .eventSourceMappingNotFound
            }
            next.settings = next.settings.updated(with: request.settings)
            if next.settings.filterCriteria?.filters?.isEmpty ?? true { next.settings.filterCriteria = nil }
            try EventSourceValidation.check(next.settings, given: request.settings, of: next.kind)
            if let reference {
                try await checkFunction(reference)
                (next.functionName, next.qualifier) = (reference.name, reference.qualifier)
            }
            next.state = Self.state(of: next, enabled: request.enabled)
            next.stateReason = next.kind.userAction
            next.lastModified = clock.date
            try await save(next)
            return next
        }
        settleInBackground(request.uuid)
        return updated
    }

    private static func state(of mapping: EventSourceMapping, enabled: Bool?) -> EventSourceMapping.State {
        let isOff = mapping.state == .disabled || mapping.state == .disabling
        switch (enabled, isOff) {
        case (true, true): return .enabling
        case (false, false): return .disabling
        case (nil, true), (false, true): return mapping.state
        case (nil, false), (true, false): return .updating
        }
    }

    package func deleteEventSourceMapping(_ uuid: String) async throws(LambdaError) -> EventSourceMapping {
        let deleted = try await changing { () throws(LambdaError) in
            guard var next = try await stored(uuid), next.state != .deleting else {
                throw .eventSourceMappingNotFound
            }
            next.state = .deleting
            next.stateReason = next.kind.userAction
            try await save(next)
            return next
        }
        settleInBackground(uuid)
        return deleted
    }

    // MARK: - Settling

    /// Takes up what a server that died had begun, and polls what is to be polled. Call once.
    func recover() async throws(LambdaError) {
        let all = try await rethrowing(try await store.eventSourceMappings(), as: FunctionCatalog.lambdaError)
        for mapping in all {
            if mapping.state == .enabled { await polling.start(mapping) } else { settleInBackground(mapping.uuid) }
        }
    }

    /// Does what a mapping's state says, after the answer that shows it.
    private func settleInBackground(_ uuid: String) {
        tasks.start {
            do throws(LambdaError) { try await changing { () throws(LambdaError) in try await settle(uuid) } } catch {
                logger.error(
                    "cannot settle an event source mapping", metadata: ["uuid": "\(uuid)", "error": "\(error)"])
            }
        }
    }

    private func settle(_ uuid: String) async throws(LambdaError) {
        guard let mapping = try await stored(uuid) else { return }
        // Whatever changed, it begins anew.
        await polling.stop(uuid)
        if mapping.state == .deleting {
            try await rethrowing(
                try await store.deleteEventSourceMapping(uuid), as: FunctionCatalog.lambdaError)
            return
        }
        let settled = mapping.settled() ?? mapping
        if settled != mapping { try await save(settled) }
        if settled.state == .enabled { await polling.start(settled) }
    }

    // MARK: - Checks

    private func checkFunction(_ reference: FunctionReference) async throws(LambdaError) {
        do throws(LambdaError) { _ = try await functions.resolve(reference) } catch {
            throw error.code == .resourceNotFound ? .eventSourceFunctionMissing : error
        }
    }

    /// Refuses a queue that its service does not have; where no service is known, or none answers, nobody can say.
    private func checkQueue(
        _ settings: EventSourceSettings, _ kind: EventSourceKind, of reference: FunctionReference
    ) async throws(LambdaError) {
        guard kind == .sqs, let queue = settings.eventSourceARN.flatMap({ QueueARN($0) }) else { return }
        let attributes: [String: String]
        do throws(AWSClientError) {
            attributes = try await sqs.attributes(of: try await sqs.url(of: queue), ["VisibilityTimeout"])
        } catch {
            guard let type = error.refusal else {
                if error.code != .notConfigured {
                    logger.warning("cannot look at a queue", metadata: ["queue": "\(queue.name)", "error": "\(error)"])
                }
                return
            }
            throw .queueRefused(type, error.message)
        }
        let timeout = try await functions.latest(reference.name).timeout
        if let seconds = attributes["VisibilityTimeout"].flatMap({ Int($0) }), seconds < timeout {
            throw .visibilityTooShort(seconds: seconds, timeout: timeout)
        }
    }

    private func checkUnique(_ mapping: EventSourceMapping) async throws(LambdaError) {
        let sources = Set(mapping.settings.sources)
        let all = try await rethrowing(try await store.eventSourceMappings(), as: FunctionCatalog.lambdaError)
        let other = all.first { other in
            other.reference == mapping.reference && !sources.isDisjoint(with: other.settings.sources)
                && (!mapping.kind.isKafka
                    || !Set(mapping.settings.topics ?? []).isDisjoint(with: other.settings.topics ?? []))
        }
        guard let other else { return }
        throw .eventSourceMappingExists(
            other, asked: mapping.settings, functionARN: functions.account.arn(mapping.reference).description)
    }

    // MARK: - Store

    private func changing<R: Sendable>(
        _ body: @escaping @Sendable () async throws(LambdaError) -> R
    ) async throws(LambdaError) -> R {
        let change = Task { () async -> Result<R, LambdaError> in
            await changes.withLock("") {
                do throws(LambdaError) { return .success(try await body()) } catch { return .failure(error) }
            }
        }
        return try await change.value.get()
    }

    private func stored(_ uuid: String) async throws(LambdaError) -> EventSourceMapping? {
        try await rethrowing(try await store.eventSourceMapping(uuid), as: FunctionCatalog.lambdaError)
    }

    private func save(_ mapping: EventSourceMapping) async throws(LambdaError) {
        try await rethrowing(try await store.save(mapping), as: FunctionCatalog.lambdaError)
    }
}

/// Tags, by the mapping's ARN.
extension EventSourceControl {
    package func tagsOfEventSourceMapping(_ arn: String) async throws(LambdaError) -> [String: String] {
        try await tagged(arn).tags
    }

    package func changeTagsOfEventSourceMapping(
        _ arn: String, _ change: @escaping @Sendable ([String: String]) -> [String: String]
    ) async throws(LambdaError) {
        try await changing { () throws(LambdaError) in
            var mapping = try await tagged(arn)
            mapping.tags = change(mapping.tags)
            try FunctionValidation.checkCount(of: mapping.tags)
            try await save(mapping)
        }
    }

    private func tagged(_ arn: String) async throws(LambdaError) -> EventSourceMapping {
        let uuid = arn.split(separator: ":").last.map(String.init) ?? ""
        guard arn == functions.account.arn(eventSourceMapping: uuid), let found = try await stored(uuid) else {
            throw .taggedEventSourceMappingNotFound(arn)
        }
        return found
    }
}
