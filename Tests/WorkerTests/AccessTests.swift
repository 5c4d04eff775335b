import FunctionModel
import FunctionStore
import Testing
import Worker

/// Policies and function URLs over a real store; texts were recorded on AWS.
@Suite struct AccessTests {
    static let statement = PolicyStatement(id: "s3", action: "lambda:InvokeFunction", principal: .everybody)
    static let arn = "arn:aws:lambda:us-east-1:123456789012:function"

    static func reference(_ qualifier: String? = nil, name: String = "f") -> FunctionReference {
        FunctionReference(name: name, qualifier: qualifier)
    }

    static func createAlias(_ fixture: WorkerFixture, _ name: String) async throws -> FunctionAlias {
        try await fixture.worker.aliases.createAlias(
            CreateAliasRequest(functionName: "f", name: name, members: AliasMembers(functionVersion: "1")))
    }

    @Test("a function, a version and an alias have policies of their own")
    func apart() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished(snapStart: false)
            _ = try await Self.createAlias(fixture, "live")
            let access = fixture.worker.access
            for qualifier in [nil, "1", "live"] {
                await #expect(throws: LambdaError.resourceNotFound) {
                    try await access.policy(Self.reference(qualifier))
                }
                let text = try await access.addPermission(
                    Self.statement, to: Self.reference(qualifier), revisionID: nil)
                let resource = qualifier.map { "\(Self.arn):f:\($0)" } ?? "\(Self.arn):f"
                #expect(text.contains(#""Resource":"\#(resource)""#))
                #expect(try await access.policy(Self.reference(qualifier)).text.contains(text))
            }
            let caller = PolicyCaller(identity: .init(arn: "arn:aws:iam::1:user/u", accountID: "1"))
            for (qualifier, action, allows) in [
                (nil, "InvokeFunction", true), ("$LATEST", "InvokeFunction", true), ("live", "InvokeFunction", true),
                ("live", "GetFunction", false), ("2", "InvokeFunction", false), ("none", "InvokeFunction", false),
            ] {
                #expect(
                    try await access.allows("lambda:\(action)", to: caller, on: Self.reference(qualifier)) == allows,
                    "\(qualifier ?? "none") \(action)")
            }
        }
    }

    @Test("every change needs the policy's own revision, or before there is one that of what it belongs to")
    func revisions() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished(snapStart: false)
            let alias = try await Self.createAlias(fixture, "live")
            let access = fixture.worker.access
            func add(_ id: String, _ revision: String?) async throws {
                var statement = Self.statement
                statement.id = id
                _ = try await access.addPermission(statement, to: Self.reference("live"), revisionID: revision)
            }
            await #expect(throws: LambdaError.policyRevisionMismatch) { try await add("a", "wrong") }
            try await add("a", alias.revisionID)
            await #expect(throws: LambdaError.policyRevisionMismatch) { try await add("b", alias.revisionID) }
            let revision = try await access.policy(Self.reference("live")).revisionID
            try await add("b", revision)
            await #expect(throws: LambdaError.policyRevisionMismatch) {
                try await access.removePermission("a", from: Self.reference("live"), revisionID: revision)
            }
            try await access.removePermission("a", from: Self.reference("live"), revisionID: nil)
            try await access.removePermission(
                "b", from: Self.reference("live"),
                revisionID: try await access.policy(Self.reference("live")).revisionID)
            await #expect(throws: LambdaError.resourceNotFound) { try await access.policy(Self.reference("live")) }
        }
    }

    @Test("what is missing is told as AWS tells it")
    func missing() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.create(snapStart: false)
            let access = fixture.worker.access
            func adding(_ reference: FunctionReference) async -> LambdaError? {
                await #expect(throws: LambdaError.self) {
                    try await access.addPermission(Self.statement, to: reference, revisionID: nil)
                }
            }
            func removing(_ id: String, _ reference: FunctionReference) async -> String? {
                await #expect(throws: LambdaError.self) {
                    try await access.removePermission(id, from: reference, revisionID: nil)
                }?.message
            }
            #expect(await adding(Self.reference("$LATEST")) == .policyOfLatest)
            #expect(await adding(Self.reference(name: "no"))?.message == "Function not found: \(Self.arn):no")
            #expect(await adding(Self.reference("42"))?.message == "Function not found: \(Self.arn):f:42")
            #expect(await adding(Self.reference("a-$"))?.message == "Function not found: \(Self.arn):f:a-$")
            #expect(await adding(Self.reference("no"))?.message == "Cannot find alias arn: \(Self.arn):f:no")
            #expect(await removing("s3", Self.reference(name: "no")) == "No policy found for: \(Self.arn):no")
            #expect(await removing("s3", Self.reference()) == "No policy is associated with the given resource.")
            _ = try await access.addPermission(Self.statement, to: Self.reference(), revisionID: nil)
            #expect(await adding(Self.reference()) == .statementExists("s3"))
            #expect(await removing("s3", Self.reference("no")) == "Cannot find alias arn: \(Self.arn):f:no")
            #expect(
                await removing("non-existent", Self.reference())
                    == "Statement non-existent is not found in resource policy.")
        }
    }

    @Test("a policy has at most 20,480 bytes")
    func length() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.create(snapStart: false)
            var refusal: LambdaError?
            var added = 0
            while refusal == nil, added < 200 {
                let statement = PolicyStatement(
                    id: "s\(added)", action: "lambda:InvokeFunction", principal: .everybody,
                    sourceARN: "arn:aws:s3:::" + String(repeating: "b", count: 100))
                do throws(LambdaError) {
                    _ = try await fixture.worker.access.addPermission(statement, to: Self.reference(), revisionID: nil)
                    added += 1
                } catch { refusal = error }
            }
            #expect(refusal?.code == .policyLengthExceeded && added > 50)
            #expect(refusal?.message.hasPrefix("The final policy size (20") == true)
            #expect(refusal?.message.hasSuffix(") is bigger than the limit (20480).") == true)
        }
    }

    @Test("a URL lives as long as what it leads to, and its policy too")
    func lives() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished(snapStart: false)
            _ = try await Self.createAlias(fixture, "live")
            let access = fixture.worker.access
            let members = FunctionURLMembers(authType: "NONE")
            let own = try await access.createURL(Self.reference(), members)
            let ofAlias = try await access.createURL(Self.reference("live"), members)
            #expect(own.id != ofAlias.id && FunctionURL.isID(own.id) && own.invokeMode == nil)
            _ = try await access.addPermission(Self.statement, to: Self.reference("live"), revisionID: nil)
            #expect(try await access.servedURL(id: ofAlias.id)?.policy?.statements.count == 1)
            #expect(try await access.servedURL(id: own.id)?.policy == nil)

            let first = try await access.listURLs(Self.reference(), page: PageRequest(maximumItems: 1))
            let second = try await access.listURLs(
                Self.reference(), page: PageRequest(marker: first.nextMarker, maximumItems: 1))
            #expect(first.items == [own] && second.items == [ofAlias] && second.nextMarker == nil)

            try await fixture.worker.aliases.deleteAlias("live", of: "f")
            #expect(try await access.servedURL(id: ofAlias.id) == nil)
            #expect(try await access.servedURL(id: own.id)?.url == own)
            // An alias of the same name is another.
            _ = try await Self.createAlias(fixture, "live")
            await #expect(throws: LambdaError.resourceNotFound) { try await access.policy(Self.reference("live")) }

            try await fixture.worker.control.deleteFunction(Self.reference())
            #expect(try await access.servedURL(id: own.id) == nil)
        }
    }

    @Test("what has no URL, or has one already, is told as AWS tells it")
    func urls() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.create(snapStart: false)
            let access = fixture.worker.access
            let members = FunctionURLMembers(authType: "NONE")
            for reference in [Self.reference(name: "no"), Self.reference("v1")] {
                await #expect(throws: LambdaError.functionOfURLNotFound) {
                    try await access.createURL(reference, members)
                }
                await #expect(throws: LambdaError.functionOfURLNotFound) {
                    try await access.updateURL(reference, members)
                }
                await #expect(throws: LambdaError.resourceNotFound) { try await access.url(reference) }
                await #expect(throws: LambdaError.resourceNotFound) { try await access.deleteURL(reference) }
            }
            await #expect(throws: LambdaError.resourceNotFound) {
                try await access.updateURL(Self.reference(), members)
            }
            await #expect(throws: LambdaError.functionOfURLNotFound) {
                try await access.listURLs(Self.reference(name: "no"), page: PageRequest())
            }
            let url = try await access.createURL(Self.reference(), members)
            let error = await #expect(throws: LambdaError.self) {
                try await access.createURL(Self.reference(), members)
            }
            #expect(
                error?.message
                    == "Failed to create function url config for [functionArn = \(Self.arn):f]. Error message:  "
                    + "FunctionUrlConfig exists for this Lambda function")
            let updated = try await access.updateURL(
                Self.reference(), FunctionURLMembers(invokeMode: "RESPONSE_STREAM"))
            #expect(updated.id == url.id && updated.authType == .none && updated.invokeMode == .responseStream)
            try await access.deleteURL(Self.reference())
            await #expect(throws: LambdaError.resourceNotFound) { try await access.url(Self.reference()) }
        }
    }
}
