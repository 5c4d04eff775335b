import FunctionModel
import Testing
import Worker

@Suite("Tags of a function")
struct TaggingTests {
    @Test("are added, replaced and removed, and each change is a new revision of $LATEST")
    func lifecycle() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.create(tags: ["a": "1"])
            await fixture.settled()
            var revisions = [try await fixture.configuration().revisionID]
            try await fixture.worker.control.tagFunction("f", tags: ["a": "2", "b": ""])
            revisions.append(try await fixture.configuration().revisionID)
            #expect(try await fixture.tags() == ["a": "2", "b": ""])
            try await fixture.worker.control.untagFunction("f", keys: ["a", "nothing"])
            revisions.append(try await fixture.configuration().revisionID)
            #expect(try await fixture.tags() == ["b": ""])
            #expect(Set(revisions).count == 3)
            // Nothing changes.
            try await fixture.worker.control.untagFunction("f", keys: ["a"])
            try await fixture.worker.control.tagFunction("f", tags: ["b": ""])
            #expect(try await fixture.configuration().revisionID == revisions.last)
        }
    }

    @Test("do not make an unchanged function worth another version, nor its sandboxes useless")
    func content() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished()
            try await fixture.invoke("f", nil)
            try await fixture.worker.control.tagFunction("f", tags: ["a": "1"])
            #expect(try await fixture.publish().version == .published(1))
            try await fixture.invoke("f", nil)
            #expect(fixture.engine.record.starts.count == 2)
        }
    }

    @Test("are fifty at most, those that are there counted")
    func count() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.create(tags: ["one": "more"])
            let fifty = Dictionary(uniqueKeysWithValues: (0..<50).map { ("k\($0)", "v") })
            let error = await #expect(throws: LambdaError.self) {
                try await fixture.worker.control.tagFunction("f", tags: fifty)
            }
            #expect(error == .tooManyTags)
            #expect(try await fixture.tags() == ["one": "more"])
            try await fixture.worker.control.untagFunction("f", keys: ["one"])
            try await fixture.worker.control.tagFunction("f", tags: fifty)
            #expect(try await fixture.tags().count == 50)
        }
    }

    @Test("of a function that is not there are refused")
    func missing() async throws {
        try await WorkerFixture.with { fixture in
            for error in [
                await #expect(throws: LambdaError.self) {
                    try await fixture.worker.control.tagFunction("f", tags: ["a": "1"])
                },
                await #expect(throws: LambdaError.self) {
                    try await fixture.worker.control.untagFunction("f", keys: ["a"])
                },
            ] {
                #expect(error?.message == "Function not found: arn:aws:lambda:us-east-1:123456789012:function:f")
            }
        }
    }

    @Test("that mean nothing or are not for clients are refused when they are given", arguments: ["vm", "", "Process"])
    func meaning(value: String) async throws {
        try await WorkerFixture.with { fixture in
            let expected = "The value '\(value)' of the tag thaw:isolation is not one of: auto, microvm, process."
            let creation = await #expect(throws: LambdaError.self) {
                try await fixture.create(tags: ["thaw:isolation": value])
            }
            #expect(creation == LambdaError(code: .invalidParameterValue, message: expected))
            try await fixture.create()
            let tagging = await #expect(throws: LambdaError.self) {
                try await fixture.worker.control.tagFunction("f", tags: ["thaw:isolation": value])
            }
            #expect(tagging == creation)
            #expect(try await fixture.tags().isEmpty)
        }
    }
}

extension WorkerFixture {
    func tags(_ name: String = "f") async throws -> [String: String] {
        try await worker.control.functionDescription(FunctionReference(name: name)).tags
    }
}
