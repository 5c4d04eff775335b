internal import Basics
package import FunctionModel
internal import FunctionStore
import GuestProtocol
internal import Sandboxes
internal import Snapshots
internal import Telemetry
internal import Tracing

/// An invocation, from top to bottom: 1 resolve the version, 2 claim a sandbox, 3 thaw or start one where none is free,
/// 4 invoke, 5 give the sandbox back, 6 answer as AWS does (`InvocationAnswer.swift`).
package struct InvocationPath: Invoking {
    let functions: FunctionCatalog
    let admission: Admission
    let events: EventQueue
    let pool: SandboxPool
    let source: SandboxSource
    let renewal: SnapshotRenewal
    let ready: ReadyVersions
    let tasks: BackgroundTasks
    let clock: WorkerClock
    let observe: WorkerObserver
    let calls: CallTracer

    package func invoke(_ request: InvokeRequest) async throws(LambdaError) -> InvokeResponse {
        try await invoke(request, streaming: nil)
    }

    /// - Parameter response: where a response goes that the function streams; nil for one that is wanted whole.
    func invoke(
        _ request: InvokeRequest, streaming response: StreamedResponse?
    ) async throws(LambdaError) -> InvokeResponse {
        var function = try await resolve(request)
        switch request.type {
        case .requestResponse: break
        case .event:
            try function.checkAcceptsEvents()
            try await events.accept(Event(request, acceptedAt: events.now))
            fallthrough
        case .dryRun:
            return InvokeResponse(executedVersion: function.version, functionError: nil, logTail: nil, payload: [])
        }
        var record = InvocationRecord(of: function)
        defer { observe(.invoked(record)) }
        let permit: Admission.Permit
        do throws(LambdaError) { permit = try admission.enter(VersionKey(function)) } catch {
            record.outcome = InvocationRecord.Outcome(error)
            throw error
        }
        defer { admission.leave(permit) }
        while true {
            let failure: LambdaError
            do { return try await serve(request, function, permit, response, &record) } catch { failure = error }
            do throws(LambdaError) {
                // What has begun is not begun again.
                guard let successor = try await successor(of: function, request), record.start == nil else {
                    throw failure
                }
                function = successor
            } catch {
                record.outcome = InvocationRecord.Outcome(error)
                throw error
            }
        }
    }

    /// A failed call's function as it has become meanwhile: a change or a deletion takes away what sandboxes are made of. Nil
    /// when it is the same still; throws when it is gone.
    private func successor(
        of function: FunctionConfiguration, _ request: InvokeRequest
    ) async throws(LambdaError) -> FunctionConfiguration? {
        if let present = try await functions.stored(VersionKey(function)) {
            return present.contentID == function.contentID ? nil : present
        }
        // Gone. An alias leads to another by now.
        return try await resolve(request)
    }

    private func serve(
        _ request: InvokeRequest, _ function: FunctionConfiguration, _ permit: Admission.Permit,
        _ response: StreamedResponse?, _ record: inout InvocationRecord
    ) async throws(LambdaError) -> InvokeResponse {
        let arrived = clock.now()
        try await checkInvocable(function)
        let held: Held
        do {
            held = try await calls.hop("sandbox") { span throws(SandboxStarter.Failure) in
                let held = try await claim(function, isProvisioned: permit.isProvisioned)
                span?.attributes["start"] = held.start.rawValue
                return held
            }
        } catch {
            switch error {
            case .refused(let error): throw error
            case .initialization(let error, let log):
                let answer = InvocationAnswer(.failure(error), request, function)
                record.outcome = answer.outcome
                return try answer.afterInit(error, log, request, function)
            case .snapshotUnusable(let error):
                try await renewal.renew(VersionKey(function), because: error.reason, afterTrial: error.wasTried)
                if let present = try await functions.stored(VersionKey(function)),
                    case .failed(let reason) = present.state
                {
                    throw .wrongState(present.state.name, reason: reason)
                }
                throw .snapStartNotReady
            }
        }
        (record.start, record.preparation) = (held.start, clock.now() - arrived)
        return try await calls.hop("function", kind: .client) { _ throws(LambdaError) in
            try await invoke(request, function, held, response, &record)
        }
    }

    // MARK: - 1 Resolve

    private func resolve(_ request: InvokeRequest) async throws(LambdaError) -> FunctionConfiguration {
        let resolved = try await functions.resolve(
            request.reference, defaultQualifier: "$LATEST", choosing: .byWeight)
        return resolved.configuration
    }

    /// Refuses a version that cannot be invoked; one that has lost its snapshot begins to get another.
    private func checkInvocable(_ function: FunctionConfiguration) async throws(LambdaError) {
        if case .inactive(let reason) = function.state {
            try await renewal.renew(VersionKey(function), because: reason.message)
        }
        try function.checkInvocable()
    }

    // MARK: - 2 Claim

    private struct Held {
        let sandbox: LiveSandbox
        /// Set on the first invocation of a sandbox.
        let coldStart: InvocationReport.ColdStart?

        var start: InvocationRecord.Start {
            switch coldStart {
            case nil: .warm
            case .initialized: .booted
            case .restored: .thawed
            }
        }
    }

    /// - Parameter isProvisioned: whether one is kept ready for it.
    private func claim(
        _ function: FunctionConfiguration, isProvisioned: Bool
    ) async throws(SandboxStarter.Failure) -> Held {
        let key = try await rethrowing(try await source.key(function), as: SandboxStarter.Failure.refused)
        if isProvisioned, let sandbox = await claimKept(key) { return Held(sandbox: sandbox, coldStart: nil) }
        let began = clock.now()
        var turn: Turn?
        defer { turn?.end() }
        while true {
            let change = turn.map { _ in pool.nextChange }
            switch pool.claim(key) {
            case .idle(let sandbox):
                if sandbox.sandbox.isUsable { return Held(sandbox: sandbox, coldStart: nil) }
                pool.discard(sandbox)
            case .settling(let sandbox, let patience):
                guard let isUsable = await pool.settled(sandbox, within: patience) else { continue }
                if isUsable, sandbox.sandbox.isUsable { return Held(sandbox: sandbox, coldStart: nil) }
                pool.discard(sandbox)
            case .room(let previous): return try await start(after: previous, function, key)
            case .full(_, isBelowShare: true):
                guard let change else {
                    turn = Turn(of: key.version.functionName, in: pool)
                    continue
                }
                let patience = began + SandboxPool.patienceBelowShare - clock.now()
                guard patience > .zero, await change.wait(within: patience, on: clock) != nil else { throw .full }
            case .full(let settling, isBelowShare: false):
                let patience = began + SandboxPool.patienceWhenFull - clock.now()
                guard let settling, patience > .zero, await settling.settled(within: patience, on: clock) != nil else {
                    throw .full
                }
            case .closed: throw .refused(.stopping)
            }
        }
    }

    /// A function's place among those that wait for a sandbox.
    private struct Turn {
        let function: String
        let pool: SandboxPool

        init(of function: String, in pool: SandboxPool) {
            (self.function, self.pool) = (function, pool)
            pool.beginWaiting(function)
        }

        func end() { pool.endWaiting(function) }
    }

    /// One that is kept ready; nil when it has just been lost, or is still at work.
    private func claimKept(_ key: SandboxKey) async -> LiveSandbox? {
        var kept = key
        kept.isKept = true
        while true {
            switch pool.claimKept(kept) {
            case .idle(let sandbox):
                if sandbox.sandbox.isUsable { return sandbox }
                pool.discard(sandbox)
            case .settling(let sandbox, let patience):
                guard let isUsable = await pool.settled(sandbox, within: patience) else { return nil }
                if isUsable, sandbox.sandbox.isUsable { return sandbox }
                pool.discard(sandbox)
            case nil: return nil
            }
        }
    }

    // MARK: - 3 Thaw or start

    private func start(
        after previous: Outcome<Void>?, _ function: FunctionConfiguration, _ key: SandboxKey
    ) async throws(SandboxStarter.Failure) -> Held {
        let started = try await source.start(after: previous, function, key)
        pool.admit(started.sandbox)
        return Held(sandbox: started.sandbox, coldStart: started.coldStart)
    }

    // MARK: - 4 Invoke

    private func invoke(
        _ request: InvokeRequest, _ function: FunctionConfiguration, _ held: Held, _ response: StreamedResponse?,
        _ record: inout InvocationRecord
    ) async throws(LambdaError) -> InvokeResponse {
        let live = held.sandbox
        let tail = request.logType == .tail ? live.log.beginTail() : nil
        live.log.write(.start(requestID: request.requestID, function.version))
        let (began, deadline) = (clock.now(), Deadline(in: .seconds(function.timeout)))
        response?.version.settle(function.version)
        let result: Result<InvocationResult, SandboxError>
        do {
            result = .success(
                try await live.sandbox.invoke(
                    event(request, function), streaming: response?.parts, deadline: deadline))
        } catch {
            result = .failure(error)
        }
        var report = InvocationReport(
            requestID: request.requestID, duration: clock.now() - began, memorySizeMegabytes: function.memorySize,
            maximumMemoryBytes: 0, coldStart: held.coldStart)
        let answer = InvocationAnswer(result, request, function)
        (record.outcome, record.duration) = (answer.outcome, report.duration)
        switch result {
        case .success:
            giveBack(live, answer.completing(report), by: deadline)
            // The report belongs to the tail, but the answer does not wait for a function that is still at work.
            if tail != nil { _ = await live.settled(within: Self.reportPatience, on: clock) }
        case .failure(let error):
            report.maximumMemoryBytes = Self.memoryUsed(live, error, function)
            live.log.end(
                answer.completing(report), text: answer.logText ?? "RequestId: \(request.requestID) Error: \(error)")
            pool.discard(live)
        }
        refill(after: live)
        return try answer.response(function, tail)
    }

    /// By a sandbox whose invocation failed.
    private static func memoryUsed(
        _ live: LiveSandbox, _ error: SandboxError, _ function: FunctionConfiguration
    ) -> UInt64 {
        if case .runtimeExited(.outOfMemory, _) = error.code { return UInt64(function.memorySize) << 20 }
        return live.peakMemory
    }

    private func event(_ request: InvokeRequest, _ function: FunctionConfiguration) -> Invocation {
        let now = clock.wallClock() / 1_000_000
        return Invocation(
            requestID: request.requestID, deadlineMilliseconds: now + UInt64(function.timeout) * 1000,
            invokedFunctionARN: functions.account.arn(request.reference).description,
            traceID: calls.header() ?? request.traceID ?? Self.traceID(milliseconds: now),
            clientContext: request.clientContext,
            payload: request.payload.isEmpty ? Array("{}".utf8) : request.payload)
    }

    /// X-Ray's header for a request that nobody samples: `Root=1-<seconds, hex>-<96 random bits>;Parent=…;Sampled=0`.
    private static func traceID(milliseconds: UInt64) -> String {
        let seconds = String(milliseconds / 1000, radix: 16)
        return "Root=1-\(seconds)-\(Hexadecimal.random(bytes: 12));Parent=\(Hexadecimal.random(bytes: 8));Sampled=0"
    }

    // MARK: - 5 Give back

    /// What is waited for a runtime that has answered to ask for its next event, before a client gets the end of the log without
    /// the report, and before clones are made for the next claims.
    private static let reportPatience = Duration.milliseconds(200)
    /// What a runtime is given to ask for its next event when it answered in the last moment.
    private static let settlingLimit = Duration.seconds(1)

    /// Gives back a sandbox that has answered; it is idle once its runtime asks for the next invocation, for which it has what
    /// is left of the function's timeout.
    private func giveBack(_ live: LiveSandbox, _ report: InvocationReport, by deadline: Deadline) {
        let deadline = max(deadline, Deadline(in: Self.settlingLimit))
        pool.settle(live) {
            var report = report
            do throws(SandboxError) {
                report.maximumMemoryBytes = try await live.sandbox.waitUntilIdle(by: deadline)
                live.note(peakMemory: report.maximumMemoryBytes)
                live.log.end(report, text: nil)
                return true
            } catch {
                report.maximumMemoryBytes = live.peakMemory
                if report.failure == nil { report.failure = error.logged }
                live.log.end(report, text: "RequestId: \(report.requestID) Error: \(error)")
                return false
            }
        }
    }

    /// Has the engine prepare a clone in place of one that was taken: not before its first answer is out, so that starting
    /// the next does not slow this one down.
    private func refill(after live: LiveSandbox) {
        guard let snapshot = live.takeSnapshot() else { return }
        tasks.start { [ready, clock] in
            _ = await live.settled(within: Self.reportPatience, on: clock)
            await ready.use(live.key.version, snapshot)
        }
    }
}
