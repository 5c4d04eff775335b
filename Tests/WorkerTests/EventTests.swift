import FunctionModel
import FunctionStore
import GuestProtocol
import Sandboxes
import TestSupport
import Testing
import Worker

@Suite("An event")
struct EventTests {
    private func with(
        _ log: EventLog, _ answer: @escaping @Sendable (EventLog.Call) async -> InvocationResult,
        _ body: (WorkerFixture) async throws -> Void
    ) async throws {
        try await WorkerFixture.with(log.script(answer)) { fixture in
            for name in ["f", "sink"] { try await fixture.create(name, snapStart: false) }
            await fixture.settled()
            try await body(fixture)
        }
    }

    @Test("is answered before it is tried, and tried with the id of its answer")
    func success() async throws {
        let log = EventLog()
        try await with(log, { _ in .response([]) }) { fixture in
            try await fixture.send(#"{"a":1}"#)
            #expect(log.all.isEmpty && fixture.worker.events.count == 1)
            await fixture.runEvents()
            #expect(log.all == [.init(function: "f", requestID: "event-1", payload: #"{"a":1}"#)])
            #expect(fixture.worker.events.count == 0)
            #expect(try await fixture.store.waitingEvents(after: 0, limit: 9).isEmpty)
        }
    }

    @Test("that fails is tried twice more, a minute and two minutes later, with the same id")
    func retries() async throws {
        let log = EventLog()
        try await with(log, { $0.function == "f" ? EventLog.failure : .response([]) }) { fixture in
            try await fixture.configureEvents(onFailure: WorkerFixture.arn("sink"))
            try await fixture.send(#"{"a":1}"#)
            await fixture.runEvents()
            await fixture.runEvents(after: .milliseconds(59_999))
            #expect(log.calls(of: "f").count == 1)
            await fixture.runEvents(after: .milliseconds(1))
            #expect(log.calls(of: "f").count == 2)
            await fixture.runEvents(after: .milliseconds(119_999))
            #expect(log.calls(of: "f").count == 2)
            await fixture.runEvents(after: .milliseconds(1))
            #expect(log.calls(of: "f").map(\.requestID) == ["event-1", "event-1", "event-1"])
            #expect(fixture.worker.events.count == 0)
            let told = log.calls(of: "sink").map(\.payload)
            #expect(
                told == [
                    #"{"version":"1.0","timestamp":"2023-07-05T10:23:30.040Z","requestContext":{"requestId":"event-1","functionArn":"arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST","condition":"RetriesExhausted","approximateInvokeCount":3},"requestPayload":{"a":1},"responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"},"responsePayload":{"errorMessage":"no","errorType":"E"}}"#
                ])
        }
    }

    @Test("that succeeds is told to its destination, and has an id of its own there")
    func onSuccess() async throws {
        let log = EventLog()
        try await with(log, { _ in .response(Array("[1]".utf8)) }) { fixture in
            try await fixture.configureEvents(onSuccess: WorkerFixture.arn("sink"))
            try await fixture.send("")
            await fixture.runEvents()
            let told = try #require(log.calls(of: "sink").first)
            #expect(
                told.payload
                    == #"{"version":"1.0","timestamp":"2023-07-05T10:20:30.040Z","requestContext":{"requestId":"event-1","functionArn":"arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST","condition":"Success","approximateInvokeCount":1},"requestPayload":{},"responseContext":{"statusCode":200,"executedVersion":"$LATEST"},"responsePayload":[1]}"#
            )
            #expect(told.requestID != "event-1")
        }
    }

    @Test("that would be tried when it is too old is not waited for")
    func age() async throws {
        let log = EventLog()
        try await with(log, { $0.function == "f" ? EventLog.failure : .response([]) }) { fixture in
            try await fixture.configureEvents(age: 60, onFailure: WorkerFixture.arn("sink"))
            fixture.time.advance(by: .milliseconds(1))
            try await fixture.send()
            fixture.time.advance(by: .milliseconds(1))
            await fixture.runEvents()
            let told = log.calls(of: "sink").map(\.payload)
            #expect(log.calls(of: "f").count == 1 && told.count == 1)
            #expect(told.first?.contains(#""condition":"EventAgeExceeded","approximateInvokeCount":1"#) == true)
        }
    }

    @Test("of a function that may not run at all ends at once")
    func zeroReserved() async throws {
        let log = EventLog()
        try await with(log, { _ in .response([]) }) { fixture in
            try await fixture.worker.concurrency.reserve(0, for: FunctionReference(name: "f"))
            try await fixture.configureEvents(retries: 0, onFailure: WorkerFixture.arn("sink"))
            try await fixture.send("")
            await fixture.runEvents()
            #expect(log.calls(of: "f").isEmpty)
            let told = log.calls(of: "sink").map(\.payload)
            #expect(
                told == [
                    #"{"version":"1.0","timestamp":"2023-07-05T10:20:30.040Z","requestContext":{"requestId":"event-1","functionArn":"arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST","condition":"ZeroReservedConcurrency","approximateInvokeCount":0},"requestPayload":{}}"#
                ])
        }
    }

    @Test("for which there is no room waits for it, and is no failure")
    func throttled() async throws {
        let (log, meeting) = (EventLog(), Meeting())
        try await with(
            log,
            { call in
                if call.requestID == "slow" { await meeting.wait() }
                return .response([])
            }
        ) { fixture in
            try await fixture.worker.concurrency.reserve(1, for: FunctionReference(name: "f"))
            try await fixture.send(id: "slow")
            fixture.worker.dispatcher.dispatch()
            await meeting.arrival(of: 1)
            try await fixture.send(id: "event-2")
            try await fixture.send(id: "event-3")
            fixture.worker.dispatcher.dispatch()
            meeting.open()
            await fixture.settled()
            await fixture.runEvents()
            await fixture.runEvents(after: .seconds(1))
            #expect(Set(log.calls(of: "f").map(\.requestID)) == ["slow", "event-2", "event-3"])
            #expect(log.calls(of: "f").count == 3 && fixture.worker.events.count == 0)
        }
    }

    @Test("that its function could not handle goes to the dead-letter target as it came")
    func deadLetter() async throws {
        let log = EventLog()
        try await with(log, { $0.function == "g" ? EventLog.failure : .response([]) }) { fixture in
            let settings = FunctionSettings(deadLetterTarget: WorkerFixture.arn("sink"))
            try await fixture.create("g", snapStart: false, settings: settings)
            await fixture.settled()
            try await fixture.configureEvents(of: "g", retries: 0)
            try await fixture.send(#"{"raise":1}"#, to: "g")
            await fixture.runEvents()
            #expect(log.calls(of: "sink").map(\.payload) == [#"{"raise":1}"#])
        }
    }

    @Test("to a version uses the version's configuration, and not the function's")
    func qualifier() async throws {
        let log = EventLog()
        try await with(log, { $0.function == "f" ? EventLog.failure : .response([]) }) { fixture in
            try await fixture.publish()
            await fixture.settled()
            try await fixture.configureEvents(retries: 2)
            try await fixture.configureEvents(of: "f", "1", retries: 0, onFailure: WorkerFixture.arn("sink"))
            try await fixture.send(to: "f", "1")
            await fixture.runEvents()
            let told = log.calls(of: "sink").map(\.payload)
            #expect(told.count == 1 && told.first?.contains(":function:f:1\"") == true)
            #expect(told.first?.contains(#""executedVersion":"1""#) == true)
        }
    }

    @Test("goes with its function")
    func deleted() async throws {
        let log = EventLog()
        try await with(log, { _ in .response([]) }) { fixture in
            try await fixture.send()
            try await fixture.worker.control.deleteFunction(FunctionReference(name: "f"))
            await fixture.runEvents()
            #expect(log.all.isEmpty && fixture.worker.events.count == 0)
            await #expect(throws: LambdaError.functionNotFound(arn: WorkerFixture.arn("f:$LATEST"))) {
                try await fixture.send()
            }
        }
    }
}
