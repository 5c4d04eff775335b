import AWSClients
import Foundation
import FunctionModel
import FunctionStore
import Logging
import TestSupport
import Testing
import Worker

@Suite("Event source mappings of a worker") struct EventSourceTests {
    static let arn = "arn:aws:sqs:us-east-1:123456789012:q"

    private static func request(
        _ function: String = "f", arn: String = arn, enabled: Bool? = nil,
        _ change: (inout EventSourceSettings) -> Void = { _ in }
    ) -> CreateEventSourceRequest {
        var settings = EventSourceSettings()
        settings.eventSourceARN = arn
        change(&settings)
        return CreateEventSourceRequest(functionName: function, settings: settings, enabled: enabled, tags: ["a": "b"])
    }

    @Test("a mapping is created, enabled, updated, disabled and deleted")
    func lifecycle() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.create()
            let sources = fixture.worker.eventSources
            let created = try await sources.createEventSourceMapping(Self.request())
            #expect(created.state == .creating && created.stateReason == "USER_INITIATED")
            await fixture.settled()
            #expect(try await sources.eventSourceMapping(created.uuid).state == .enabled)

            var change = EventSourceSettings()
            change.batchSize = 5
            let updated = try await sources.updateEventSourceMapping(
                UpdateEventSourceRequest(uuid: created.uuid, functionName: nil, settings: change, enabled: nil))
            #expect(updated.state == .updating && updated.settings.batchSize == 5)
            await fixture.settled()
            #expect(try await sources.eventSourceMapping(created.uuid).state == .enabled)

            for (enabled, now, then) in [
                (false, EventSourceMapping.State.disabling, EventSourceMapping.State.disabled),
                (true, .enabling, .enabled),
            ] {
                let switched = try await sources.updateEventSourceMapping(
                    UpdateEventSourceRequest(
                        uuid: created.uuid, functionName: nil, settings: EventSourceSettings(), enabled: enabled))
                #expect(switched.state == now)
                await fixture.settled()
                #expect(try await sources.eventSourceMapping(created.uuid).state == then)
            }

            #expect(try await sources.deleteEventSourceMapping(created.uuid).state == .deleting)
            await fixture.settled()
            await #expect(throws: LambdaError.eventSourceMappingNotFound) {
                try await sources.eventSourceMapping(created.uuid)
            }
        }
    }

    @Test("one that is created disabled is so at once, and an update leaves it so")
    func disabled() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.create()
            let sources = fixture.worker.eventSources
            let created = try await sources.createEventSourceMapping(Self.request(enabled: false))
            #expect(created.state == .disabled)
            let updated = try await sources.updateEventSourceMapping(
                UpdateEventSourceRequest(
                    uuid: created.uuid, functionName: nil, settings: EventSourceSettings(), enabled: nil))
            #expect(updated.state == .disabled)
        }
    }

    @Test("a second mapping of the same source to the same function is refused in AWS's words")
    func duplicates() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.create()
            try await fixture.create("g")
            let sources = fixture.worker.eventSources
            let first = try await sources.createEventSourceMapping(Self.request())
            let error = await #expect(throws: LambdaError.self) {
                try await sources.createEventSourceMapping(Self.request())
            }
            #expect(error?.code == .resourceConflict)
            #expect(
                error?.message == """
                    An event source mapping with SQS arn (" \(Self.arn) ") and function (" f ") already exists. Please update or \
                    delete the existing mapping with UUID \(first.uuid)
                    """)
            _ = try await sources.createEventSourceMapping(Self.request("g"))
            _ = try await sources.createEventSourceMapping(Self.request("f:$LATEST"))
            let all = try await sources.eventSourceMappings(of: nil, source: Self.arn, page: PageRequest())
            #expect(all.items.count == 3)
            let own = try await sources.eventSourceMappings(of: "f", source: nil, page: PageRequest())
            #expect(own.items.map(\.uuid) == [first.uuid])
            let page = try await sources.eventSourceMappings(
                of: nil, source: nil, page: PageRequest(maximumItems: 2))
            #expect(page.items.count == 2)
            let rest = try await sources.eventSourceMappings(
                of: nil, source: nil, page: PageRequest(marker: page.nextMarker, maximumItems: 2))
            #expect(rest.items.count == 1 && rest.nextMarker == nil)
        }
    }

    @Test(
        "what comes first of what is wrong",
        arguments: [
            ("nothing", arn, false, "Function does not exist"),
            ("nothing", "arn:aws:s3:::b", false, "Unrecognized event source."),
            ("f:7", arn, false, "Function does not exist"),
            ("nothing", arn, true, "Unsupported DestinationConfig parameter for given event source mapping type."),
        ])
    func refusals(function: String, arn: String, hasDestination: Bool, message: String) async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.create()
            let error = await #expect(throws: LambdaError.self) {
                try await fixture.worker.eventSources.createEventSourceMapping(
                    Self.request(function, arn: arn) { settings in
                        if hasDestination { settings.destination = .init(onFailure: .init()) }
                    })
            }
            #expect(error == LambdaError(code: .invalidParameterValue, message: message))
        }
    }

    @Test("a mapping outlives its function and a restart, and what was begun is taken up")
    func restart() async throws {
        try await withScratchDirectory { directory in
            let engine = FakeEngine(FakeEngine.Script())
            let first = try WorkerFixture.open(directory, engine)
            try await first.create()
            let created = try await first.worker.eventSources.createEventSourceMapping(Self.request())
            await first.settled()
            try await first.worker.control.deleteFunction(FunctionReference(name: "f"))
            var stored = try #require(try await first.store.eventSourceMapping(created.uuid))
            #expect(stored.state == .enabled)
            stored.state = .deleting
            try await first.store.save(stored)
            await first.worker.stop()
            try first.store.close()

            let second = try WorkerFixture.open(directory, engine)
            try await second.worker.recover()
            await second.settled()
            #expect(try await second.store.eventSourceMappings().isEmpty)
            await second.worker.stop()
        }
    }

    @Test("tags are those of the creation until they are changed")
    func tags() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.create()
            let sources = fixture.worker.eventSources
            let created = try await sources.createEventSourceMapping(Self.request())
            let arn = AccountScope().arn(eventSourceMapping: created.uuid)
            #expect(try await sources.tagsOfEventSourceMapping(arn) == ["a": "b"])
            try await sources.changeTagsOfEventSourceMapping(arn) { $0.merging(["c": "d"]) { $1 } }
            #expect(try await sources.tagsOfEventSourceMapping(arn) == ["a": "b", "c": "d"])
            let other = AccountScope().arn(eventSourceMapping: "8f9b1c3e-0000-4000-8000-000000000001")
            await #expect(throws: LambdaError.taggedEventSourceMappingNotFound(other)) {
                try await sources.tagsOfEventSourceMapping(other)
            }
        }
    }

    @Test("a poller that would begin after the end does not, so that the end comes")
    func closed() async throws {
        let connection = AWSConnection(
            AWSConfiguration(region: "us-east-1", endpoint: AWSEndpoint("http://127.0.0.1:9")))
        try await WorkerFixture.with { fixture in
            let polling = EventSourcePolling(
                sqs: SQSClient(connection),
                delivery: QueuePoller.Delivery(
                    invocations: fixture.worker.invocations, clock: fixture.time.clock, concurrency: (1, 1)),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            polling.close()
            var settings = EventSourceSettings()
            settings.eventSourceARN = Self.arn
            await polling.start(
                EventSourceMapping(
                    uuid: "u", kind: .sqs, functionName: "f", qualifier: nil, settings: settings, state: .enabled,
                    lastModified: Date(timeIntervalSince1970: 0), tags: [:]))
            await polling.drain()
        }
        await connection.shutdown()
    }
}
