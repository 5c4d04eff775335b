import FunctionModel
import Testing

import struct Foundation.Date

private let later = Date(timeIntervalSince1970: 1_800_000_000)
private let reason = StateReason.initTimeout("init took more than 130 s")
private let pending = FunctionState.pending(.creating)

private typealias Step = @Sendable (FunctionConfiguration) -> FunctionConfiguration?

@Suite struct FunctionTransitionTests {
    @Test("a created function is pending and has no update status")
    func creation() {
        let created = FunctionConfiguration.sample(snapStart: .publishedVersions).created(at: later)
        #expect(created.state == pending)
        #expect(created.lastUpdate == nil)
        #expect(created.lastModified == later)
        #expect(created.snapStart == SnapStart(applyOn: .publishedVersions, optimizationStatus: .off))
        #expect(created.revisionID != "first")
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var from: FunctionConfiguration
        var step: @Sendable (FunctionConfiguration) -> FunctionConfiguration?
        var state: FunctionState
        var lastUpdate: LastUpdate?
        var optimization = SnapStart.OptimizationStatus.off
        var testDescription: String { name }
    }

    @Test(
        "legal steps",
        arguments: [
            Row(
                name: "$LATEST becomes active", from: .sample(state: pending, lastUpdate: nil),
                step: { $0.activated() },
                state: .active, lastUpdate: .successful),
            Row(
                name: "$LATEST with SnapStart never is optimised",
                from: .sample(state: pending, lastUpdate: nil, snapStart: .publishedVersions), step: { $0.activated() },
                state: .active, lastUpdate: .successful),
            Row(
                name: "a version with SnapStart is optimised when active",
                from: .sample(version: .published(1), state: pending, lastUpdate: nil, snapStart: .publishedVersions),
                step: { $0.activated() }, state: .active, lastUpdate: .successful, optimization: .on),
            Row(
                name: "a version without SnapStart is not", from: .sample(version: .published(1), state: pending),
                step: { $0.activated() }, state: .active, lastUpdate: .successful),
            Row(
                name: "a version fails", from: .sample(version: .published(1), state: pending, lastUpdate: nil),
                step: { $0.failed(reason) }, state: .failed(reason), lastUpdate: .failed(reason)),
            Row(
                name: "an update begins", from: .sample(), step: { $0.updating(at: later) { $0.timeout = 9 } },
                state: .active, lastUpdate: .inProgress(.creating)),
            Row(
                name: "an update of a function whose creation failed begins",
                from: .sample(state: .failed(reason), lastUpdate: .failed(reason)),
                step: { $0.updating(at: later) { $0.timeout = 9 } },
                state: .failed(reason), lastUpdate: .inProgress(.creating)),
            Row(
                name: "an update succeeds", from: .sample(lastUpdate: .inProgress(.creating)),
                step: { $0.updateSucceeded() }, state: .active, lastUpdate: .successful),
            Row(
                name: "an update mends a failed function",
                from: .sample(state: .failed(reason), lastUpdate: .inProgress(.creating)),
                step: { $0.updateSucceeded() }, state: .active, lastUpdate: .successful),
            Row(
                name: "an update fails", from: .sample(lastUpdate: .inProgress(.creating)),
                step: { $0.updateFailed(reason) }, state: .active, lastUpdate: .failed(reason)),
            Row(
                name: "a version loses its snapshot",
                from: .sample(version: .published(1), snapStart: .publishedVersions),
                step: { $0.deactivated(reason) }, state: .inactive(reason), lastUpdate: .successful),
            Row(
                name: "and gets a new one",
                from: .sample(version: .published(1), state: .inactive(reason), snapStart: .publishedVersions),
                step: { $0.restoring() }, state: .pending(.restoring), lastUpdate: .successful),
        ])
    func legal(row: Row) throws {
        let next = try #require(row.step(row.from))
        #expect(next.state == row.state)
        #expect(next.lastUpdate == row.lastUpdate)
        #expect(next.snapStart.optimizationStatus == row.optimization)
        #expect(next.revisionID != row.from.revisionID)
        #expect(next.version == row.from.version)
    }

    struct Illegal: Sendable, CustomTestStringConvertible {
        var name: String
        var from: FunctionConfiguration
        var step: @Sendable (FunctionConfiguration) -> FunctionConfiguration?
        var testDescription: String { name }
    }

    @Test(
        "steps that make no sense give nothing",
        arguments: [
            Illegal(name: "activate twice", from: .sample()) { $0.activated() },
            Illegal(name: "activate what failed", from: .sample(state: .failed(reason))) { $0.activated() },
            Illegal(name: "fail what is active", from: .sample()) { $0.failed(reason) },
            Illegal(name: "update while pending", from: .sample(state: pending, lastUpdate: nil)) {
                $0.updating(at: later) { $0.timeout = 9 }
            },
            Illegal(name: "update twice", from: .sample(lastUpdate: .inProgress(.creating))) {
                $0.updating(at: later) { $0.timeout = 9 }
            },
            Illegal(name: "update a version", from: .sample(version: .published(1))) {
                $0.updating(at: later) { $0.timeout = 9 }
            },
            Illegal(name: "end an update that is none", from: .sample()) { $0.updateSucceeded() },
            Illegal(name: "fail an update that is none", from: .sample()) { $0.updateFailed(reason) },
            Illegal(name: "publish a version", from: .sample(version: .published(1))) { $0.published(as: 2) },
            Illegal(name: "publish number 0", from: .sample()) { $0.published(as: 0) },
            Illegal(name: "deactivate $LATEST", from: .sample()) { $0.deactivated(reason) },
            Illegal(name: "deactivate what is pending", from: .sample(version: .published(1), state: pending)) {
                $0.deactivated(reason)
            },
            Illegal(name: "restore what is active", from: .sample(version: .published(1))) { $0.restoring() },
        ])
    func illegal(row: Illegal) { #expect(row.step(row.from) == nil) }

    @Test(
        "a version is pending when it needs a snapshot or when $LATEST is not ready",
        arguments: [
            (FunctionConfiguration.sample(), FunctionState.active, LastUpdate?.some(.successful)),
            (.sample(snapStart: .publishedVersions), pending, nil),
            (.sample(state: pending, lastUpdate: nil), pending, nil),
            (.sample(lastUpdate: .inProgress(.creating)), pending, nil),
        ])
    func publishing(latest: FunctionConfiguration, state: FunctionState, lastUpdate: LastUpdate?) throws {
        let version = try #require(latest.published(as: 3))
        #expect(version.version == .published(3))
        #expect(version.state == state)
        #expect(version.lastUpdate == lastUpdate)
        #expect(version.contentID == latest.contentID)
        #expect(version.revisionID != latest.revisionID)
        #expect(version.snapStart.applyOn == latest.snapStart.applyOn)
    }

    @Test("a version's description is the publisher's, or the function's")
    func descriptions() throws {
        var latest = FunctionConfiguration.sample()
        latest.description = "of the function"
        #expect(try #require(latest.published(as: 1)).description == "of the function")
        #expect(try #require(latest.published(as: 1, description: "mine")).description == "mine")
        #expect(try #require(latest.published(as: 1, description: "")).description == "")
    }

    @Test("the content changes with what a client sets, not with the state")
    func content() throws {
        let created = FunctionConfiguration.sample().created(at: later)
        let active = try #require(created.activated())
        #expect(active.contentID == created.contentID)
        let same = try #require(active.updating(at: later) { $0.timeout = active.timeout }?.updateSucceeded())
        #expect(same.contentID == active.contentID)
        let changed = try #require(same.updating(at: later) { $0.description = "new" })
        #expect(changed.contentID != same.contentID)
        #expect(try #require(changed.updateSucceeded()).contentID == changed.contentID)
    }

    @Test("a change cannot smuggle in another version, state or revision")
    func smuggling() throws {
        let next = try #require(
            FunctionConfiguration.sample().updating(at: later) {
                $0.version = .published(9)
                $0.state = .failed(reason)
                $0.revisionID = "mine"
                $0.contentID = "mine"
            })
        #expect(next.version == .latest)
        #expect(next.state == .active)
        #expect(next.revisionID != "mine")
        #expect(next.contentID != "mine")
    }

    @Test(
        "only what is active can be invoked",
        arguments: [
            (FunctionState.active, LambdaError?.none),
            (
                pending,
                LambdaError(
                    code: .resourceConflict,
                    message: "The operation cannot be performed at this time. "
                        + "The function is currently in the following state: Pending")
            ),
            (.inactive(reason), .snapStartNotReady),
            (.failed(reason), .wrongState("Failed", reason: reason)),
        ])
    func invoking(state: FunctionState, expected: LambdaError?) {
        let configuration = FunctionConfiguration.sample(version: .published(1), state: state)
        do throws(LambdaError) {
            try configuration.checkInvocable()
            #expect(expected == nil)
        } catch {
            #expect(error == expected)
        }
    }

    @Test("an update waits for the one before")
    func updating() throws {
        let arn = AccountScope().arn(name: "orders")
        try FunctionConfiguration.sample().checkUpdatable(arn: arn)
        #expect(throws: LambdaError.wrongState("Pending")) {
            try FunctionConfiguration.sample(state: pending).checkUpdatable(arn: arn)
        }
        #expect(throws: LambdaError.updateInProgress(arn: "arn:aws:lambda:us-east-1:123456789012:function:orders")) {
            try FunctionConfiguration.sample(lastUpdate: .inProgress(.creating)).checkUpdatable(arn: arn)
        }
    }

    @Test("a revision or digest that was given must be the present one")
    func preconditions() throws {
        let configuration = FunctionConfiguration.sample()
        try configuration.checkRevision(nil)
        try configuration.checkRevision("first")
        try configuration.checkCodeSha256(configuration.code.sha256)
        #expect(throws: LambdaError.revisionMismatch) { try configuration.checkRevision("other") }
        #expect(throws: LambdaError.codeSha256Mismatch(given: "x", current: configuration.code.sha256)) {
            try configuration.checkCodeSha256("x")
        }
    }

    @Test("the reasons carry AWS's codes")
    func reasons() {
        #expect(FunctionState.pending(.creating).reason?.message == "The function is being created.")
        #expect(FunctionState.pending(.restoring).reason?.code == "Restoring")
        #expect(reason.code == "FunctionError.InitTimeout")
        #expect(LastUpdate.inProgress(.creating).name == "InProgress")
        #expect(LastUpdate.successful.reason == nil)
    }
}
