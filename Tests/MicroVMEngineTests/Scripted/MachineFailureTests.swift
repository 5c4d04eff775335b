import Basics
import GuestProtocol
import MicroVMEngine
import Sandboxes
import Snapshots
import Synchronization
import TestSupport
import Testing

/// What goes wrong at each step, and what the engine makes of it. Time passes only where a row says so.
struct Row: Sendable, CustomStringConvertible {
    var moment: Script.Moment
    var deed: Script.Deed
    var outcome: Outcome
    /// How long a silent machine is waited for.
    var limit: Duration?

    init(_ moment: Script.Moment, _ deed: Script.Deed, _ outcome: Outcome, after limit: Duration? = nil) {
        (self.moment, self.deed, self.outcome, self.limit) = (moment, deed, outcome, limit)
    }

    var description: String { "\(moment): it \(deed)" }
}

/// What a caller can tell apart in an error.
enum Outcome: Equatable, Sendable {
    case host, noRoom, snapshotUnusable
    case lost(SandboxError.Phase), timedOut(SandboxError.Phase), runtimeExited(SandboxError.Phase)
    case initializationFailed, restoreFailed, destroyed, other

    init(_ error: SandboxError) {
        self =
            switch error.code {
            case .host where error.message.hasPrefix("no space left"): .noRoom
            case .host: .host
            case .snapshotUnusable: .snapshotUnusable
            case .lost(let phase): .lost(phase)
            case .timedOut(let phase, _): .timedOut(phase)
            case .runtimeExited(_, let phase): .runtimeExited(phase)
            case .initializationFailed: .initializationFailed
            case .restoreFailed: .restoreFailed
            case .destroyed: .destroyed
            case .freezeRefused, .isolationUnavailable: .other
            }
    }
}

@Suite(.requiresRoot, .serialized, .timeLimit(.minutes(3))) struct MachineFailureTests {
    static let failure = RuntimeFailure(errorType: "Runtime.Error", body: Array("{}".utf8))

    /// Runs `body` against the script of each row, lets its limit pass, and looks at the error and at what is left.
    private func holds(
        _ rows: [Row], _ fixture: MicroVMFixture, _ body: @escaping @Sendable () async throws(SandboxError) -> Void
    ) async throws {
        for row in rows {
            fixture.hypervisor.script = .at(row.moment, row.deed)
            async let outcome: Outcome? = {
                do throws(SandboxError) {
                    try await body()
                    return nil
                } catch {
                    return Outcome(error)
                }
            }()
            if let limit = row.limit {
                let machine = await fixture.hypervisor.nextSilence()
                await fixture.clock.expire(limit)
                let found = await outcome
                #expect(found == row.outcome, "\(row)")
                // Nobody listens to what comes late.
                machine?.answerLate()
                machine?.answerLate(.frozen)
            } else {
                let found = await outcome
                #expect(found == row.outcome, "\(row)")
            }
            try await fixture.expectNothingLeft("\(row)")
        }
    }

    @Test("a machine that fails on its way up leaves nothing, and its error says whose failure it is")
    func boot() async throws {
        try await MicroVMFixture.with { fixture in
            try await holds(Self.bootRows, fixture) { () throws(SandboxError) in
                try await fixture.run()
            }
        }
    }

    static let bootRows: [Row] =
        [Row(.start, .doesNotStart, .host)]
        + [.dies, .isNotJSON, .isNotQMP, .neverEndsLine, .refuses].map { Row(.greeting, $0, .host) }
        + [.dies, .isNotJSON, .isNotQMP, .neverEndsLine, .refuses, .greetsAgain].map { Row(.capabilities, $0, .host) }
        + [.dies, .isNoFrame, .announcesTooMuch, .speaksOutOfTurn, .reportsFault, .chatters].map {
            Row(.hello, $0, .host)
        }
        + [.dies, .isNoFrame, .announcesTooMuch, .speaksOutOfTurn, .reportsFault, .chatters].map {
            Row(.initialize, $0, .lost(.initialization))
        } + [
            Row(.greeting, .silent, .host, after: .seconds(20)),
            Row(.capabilities, .silent, .host, after: .seconds(10)),
            Row(.hello, .silent, .host, after: .seconds(90)),
            Row(.initialize, .silent, .timedOut(.initialization), after: .seconds(5)),
            Row(.greeting, .runsOutOfRoom, .noRoom), Row(.hello, .runsOutOfRoom, .noRoom),
            Row(.initialize, .runsOutOfRoom, .noRoom), Row(.hello, .losesRuntime, .runtimeExited(.boot)),
            Row(.initialize, .losesRuntime, .runtimeExited(.initialization)),
            Row(.initialize, .says(.initializationFailed(failure)), .initializationFailed),
        ]

    @Test("a freeze that fails ends the machine")
    func freeze() async throws {
        try await MicroVMFixture.with { fixture in
            try await holds(Self.freezeRows, fixture) { () throws(SandboxError) in
                let sandbox = try await fixture.start()
                let staging = try fixture.stage()
                defer { staging.discard() }
                _ = try await sandbox.freeze(into: staging)
            }
        }
    }

    static let freezeRows: [Row] =
        [.dies, .isNoFrame, .announcesTooMuch, .speaksOutOfTurn, .reportsFault].map { Row(.freeze, $0, .lost(.freeze)) }
        + [.stop, .migrationCapabilities, .addDescriptor, .save].flatMap { moment in
            [.dies, .refuses, .isNotJSON, .isNotQMP, .neverEndsLine, .greetsAgain].map {
                Row(moment, $0, .lost(.freeze))
            }
                + [Row(moment, .silent, .lost(.freeze), after: .seconds(10))]
        } + [
            Row(.freeze, .silent, .timedOut(.freeze), after: .seconds(60)),
            Row(.freeze, .runsOutOfRoom, .noRoom), Row(.freeze, .losesRuntime, .runtimeExited(.freeze)),
            Row(.addDescriptor, .answers(#"{"return": {}}"#), .lost(.freeze)),
            Row(.migrated, .dies, .lost(.freeze)),
            Row(.migrated, .answers(#"{"event": "MIGRATION", "data": {"status": "failed"}}"#), .lost(.freeze)),
            Row(.migrated, .silent, .lost(.freeze), after: .seconds(60)),
        ]

    @Test("a thaw that fails ends the clone")
    func thaw() async throws {
        try await MicroVMFixture.with { fixture in
            let snapshot = try await fixture.snapshot()
            _ = await fixture.hypervisor.over()
            try await holds(Self.thawRows, fixture) { () throws(SandboxError) in
                let sandbox = try await fixture.thaw(snapshot)
                await sandbox.destroy()
            }
        }
    }

    static let thawRows: [Row] =
        [.migrationCapabilities, .addDescriptor, .load].flatMap { moment in
            [.dies, .refuses, .isNotJSON, .neverEndsLine].map { Row(moment, $0, .snapshotUnusable) }
                + [Row(moment, .silent, .timedOut(.restore), after: .seconds(5))]
        }
        + [.dies, .refuses, .isNotJSON, .isNotQMP].map { Row(.resume, $0, .lost(.restore)) }
        + [.dies, .isNoFrame, .announcesTooMuch, .speaksOutOfTurn, .reportsFault, .chatters].flatMap {
            [Row(.thaw, $0, .lost(.restore)), Row(.restored, $0, .lost(.restore))]
        } + [
            Row(.start, .doesNotStart, .host), Row(.greeting, .dies, .host),
            Row(.greeting, .silent, .timedOut(.restore), after: .seconds(5)),
            Row(.greeting, .answers(ScriptedMachine.greeting(9, 1, 0)), .snapshotUnusable),
            Row(.migrated, .dies, .snapshotUnusable),
            Row(.migrated, .answers(#"{"event": "MIGRATION", "data": {"status": "failed"}}"#), .snapshotUnusable),
            Row(.migrated, .silent, .timedOut(.restore), after: .seconds(5)),
            Row(.resume, .silent, .timedOut(.restore), after: .seconds(5)),
            Row(.thaw, .silent, .timedOut(.restore), after: .seconds(5)),
            Row(.restored, .silent, .timedOut(.restore), after: .seconds(5)),
            Row(.thaw, .says(.restored), .lost(.restore)),  // released before it was made unique
            Row(.restored, .says(.thawed), .lost(.restore)), Row(.thaw, .losesRuntime, .runtimeExited(.restore)),
            Row(.restored, .says(.restoreFailed(failure)), .restoreFailed),
        ]

    @Test("an invocation that fails leaves a sandbox to destroy, and nothing after that")
    func invoke() async throws {
        try await MicroVMFixture.with { fixture in
            try await holds(Self.invokeRows, fixture) { () throws(SandboxError) in
                let sandbox = try await fixture.start()
                do throws(SandboxError) {
                    _ = try await sandbox.invoke(.example, deadline: fixture.deadline(in: .seconds(3)))
                    _ = try await sandbox.waitUntilIdle(by: fixture.deadline(in: .seconds(60)))
                } catch {
                    await sandbox.destroy()
                    throw error
                }
                await sandbox.destroy()
            }
        }
    }

    static let invokeRows: [Row] =
        [.dies, .isNoFrame, .announcesTooMuch, .speaksOutOfTurn, .reportsFault].map {
            Row(.invoke, $0, .lost(.invocation))
        }
        + [.dies, .isNoFrame, .announcesTooMuch, .reportsFault, .says(.frozen)].map {
            Row(.idle, $0, .lost(.invocation))
        }
        + [
            Row(.invoke, .silent, .timedOut(.invocation), after: .seconds(3)),
            Row(.idle, .silent, .timedOut(.invocation), after: .seconds(60)),
            Row(.invoke, .says(.response(requestID: "another's", payload: [])), .lost(.invocation)),
            Row(.invoke, .losesRuntime, .runtimeExited(.invocation)),
        ]
}

extension Invocation {
    static let example = Invocation(
        requestID: "8476a536-e9f4-11e8-9739-2dfe598c3fcd", deadlineMilliseconds: 0, invokedFunctionARN: "arn",
        payload: Array("{}".utf8))
}
