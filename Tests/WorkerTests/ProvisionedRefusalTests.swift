import FunctionModel
import Testing
import Worker

@Suite("Provisioned concurrency is refused as on AWS")
struct ProvisionedRefusalTests {
    static let arn = "arn:aws:lambda:us-east-1:123456789012:function:"

    static let missing: [(name: String, qualifier: String, message: String)] = [
        ("none", "alias", "Cannot find alias arn: \(arn)none:alias"),
        ("none", "1", "Function not found: \(arn)none:1"),
        ("f", "alias", "Cannot find alias arn: \(arn)f:alias"),
        ("f", "10", "Function not found: \(arn)f:10"),
    ]

    @Test("for what is not there, by every call", arguments: missing)
    func notThere(name: String, qualifier: String, message: String) async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished(snapStart: false)
            let reference = FunctionReference(name: name, qualifier: qualifier)
            let concurrency = fixture.worker.concurrency
            let put = await #expect(throws: LambdaError.self) { try await concurrency.provision(1, for: reference) }
            let got = await #expect(throws: LambdaError.self) {
                try await concurrency.provisionedConcurrency(of: reference)
            }
            let ended = await #expect(throws: LambdaError.self) {
                try await concurrency.endProvisioning(of: reference)
            }
            for error in [put, got, ended] {
                #expect(error?.code == .resourceNotFound && error?.message == message)
            }
        }
    }

    @Test("for `$LATEST`, and shown for no function that is not there")
    func latest() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished(snapStart: false)
            let latest = FunctionReference(name: "f", qualifier: "$LATEST")
            let concurrency = fixture.worker.concurrency
            await #expect(throws: LambdaError.provisionedUnpublished) {
                try await concurrency.provision(1, for: latest)
            }
            await #expect(throws: LambdaError.provisionedOfUnpublished) {
                try await concurrency.provisionedConcurrency(of: latest)
            }
            await #expect(throws: LambdaError.provisionedOfUnpublished) {
                try await concurrency.endProvisioning(of: latest)
            }
            let error = await #expect(throws: LambdaError.self) {
                try await concurrency.listProvisionedConcurrency(
                    of: FunctionReference(name: "none"), page: PageRequest())
            }
            #expect(error?.message == "Function not found: \(Self.arn)none")
        }
    }

    @Test("for a version and an alias that leads to it, whichever comes second")
    func conflicts() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished(snapStart: false)
            try await fixture.makeAlias("live", to: "1")
            try await fixture.provision(1, for: "1")
            await #expect(throws: LambdaError.aliasOfProvisionedVersion) { try await fixture.provision(1, for: "live") }
            try await fixture.worker.concurrency.endProvisioning(of: FunctionReference(name: "f", qualifier: "1"))
            try await fixture.provision(1, for: "live")
            await #expect(throws: LambdaError.versionOfProvisionedAlias) { try await fixture.provision(1, for: "1") }
            await fixture.settled()
        }
    }

    @Test("beyond what is reserved, and what the account has left")
    func limits() async throws {
        try await WorkerFixture.with { fixture in
            try await fixture.createPublished(snapStart: false)
            try await fixture.makeAlias("live", to: "1")
            try await fixture.publishAnother()
            await #expect(throws: LambdaError.provisionedAboveUnreserved(1_000)) {
                try await fixture.provision(1_001, for: "1")
            }
            await #expect(throws: LambdaError.provisionedBelowMinimum(100)) {
                try await fixture.provision(901, for: "1")
            }
            try await fixture.provision(2, for: "1")
            let function = FunctionReference(name: "f")
            let concurrency = fixture.worker.concurrency
            await #expect(throws: LambdaError.reservedBelowProvisioned(1, provisioned: 2)) {
                try await concurrency.reserve(1, for: function)
            }
            try await concurrency.reserve(2, for: function)
            // Nothing is left for what is not provisioned.
            await #expect(throws: LambdaError.throttled(.reservedConcurrency)) {
                try await fixture.invoke("f", "$LATEST")
            }
            for (count, qualifier) in [(3, "1"), (1, "2"), (Int.max, "2")] {
                await #expect(throws: LambdaError.provisionedAboveReserved) {
                    try await fixture.provision(count, for: qualifier)
                }
            }
            await fixture.settled()
            try await fixture.invoke()
        }
    }

    @Test("the texts are AWS's")
    func texts() {
        #expect(
            LambdaError.provisionedAboveUnreserved(1_000).message
                == "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [1000]."
        )
        #expect(
            LambdaError.provisionedBelowMinimum(100).message
                == "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below "
                + "its minimum value of [100].")
        #expect(
            LambdaError.provisionedWithSnapStart.message
                == "ProvisionedConcurrency is not supported for SnapStart enabled functions.")
    }
}
