internal import FunctionModel
import GuestProtocol
internal import Sandboxes
internal import Snapshots

/// The way of an invocation: a sandbox from the pool or a new one, the event into it, the answer out, the log.
struct Invoker: Sendable {
    let pool: SandboxPool
    let maker: SandboxMaker
    let snapshots: SnapshotCatalog
    let ready: ReadyClones
    let tasks: BackgroundTasks
    let clock: WorkerClock
    let account: AccountScope

    private struct Held {
        let sandbox: LiveSandbox
        /// Set on the first invocation of a sandbox.
        let coldStart: InvocationReport.ColdStart?
    }

    /// Why an invocation got no sandbox.
    enum Refusal: Error {
        case refused(LambdaError)
        /// The version needs a new snapshot.
        case snapshotUnusable(String)
    }

    func invoke(
        _ request: InvokeRequest, _ function: FunctionConfiguration
    ) async throws(Refusal) -> InvokeResponse {
        let held: Held
        do throws(SandboxMaker.Failure) {
            held = try await hold(function)
        } catch {
            switch error {
            case .function(let error, let log): return try answer(initFailure: error, log, request, function)
            case .refused(let error): throw .refused(error)
            case .snapshotUnusable(let why): throw .snapshotUnusable(why)
            }
        }
        return try await run(request, function, held)
    }

    // MARK: - A sandbox

    private func hold(_ function: FunctionConfiguration) async throws(SandboxMaker.Failure) -> Held {
        let key = try await key(function)
        while true {
            switch pool.claim(key) {
            case .idle(let sandbox):
                if sandbox.sandbox.isUsable { return Held(sandbox: sandbox, coldStart: nil) }
                pool.discard(sandbox)
            case .settling(let sandbox):
                if await sandbox.settled(), sandbox.sandbox.isUsable { return Held(sandbox: sandbox, coldStart: nil) }
                pool.discard(sandbox)
            case .room(let previous):
                await previous?.value
                do throws(SandboxMaker.Failure) {
                    let made = try await make(function, key)
                    pool.admit(made.sandbox)
                    return Held(sandbox: made.sandbox, coldStart: made.coldStart)
                } catch {
                    pool.releaseRoom()
                    throw error
                }
            case .full: throw .refused(.throttled(.concurrentInvocations))
            case .closed: throw .refused(.stopping)
            }
        }
    }

    private func key(_ function: FunctionConfiguration) async throws(SandboxMaker.Failure) -> SandboxKey {
        let version = VersionKey(function)
        do throws(LambdaError) {
            let network = try await maker.network(of: function)
            if function.snapStart.optimizationStatus == .on {
                return SandboxKey(
                    version: version, origin: .snapshot(revisionID: function.revisionID), network: network)
            }
            let level = try await maker.isolation(of: function)
            return SandboxKey(
                version: version, origin: .configuration(contentID: function.contentID, level), network: network)
        } catch {
            throw .refused(error)
        }
    }

    private func make(
        _ function: FunctionConfiguration, _ key: SandboxKey
    ) async throws(SandboxMaker.Failure) -> SandboxMaker.Made {
        if case .configuration(_, let isolation) = key.origin {
            return try await maker.boot(function, at: isolation, key: key)
        }
        let snapshot: StoredSnapshot
        do throws(SnapshotCatalog.Unusable) {
            snapshot = try await snapshots.snapshot(of: key.version)
        } catch {
            throw .snapshotUnusable(error.reason)
        }
        return try await maker.thaw(snapshot, of: function, key: key)
    }

    // MARK: - The invocation

    private func run(
        _ request: InvokeRequest, _ function: FunctionConfiguration, _ held: Held
    ) async throws(Refusal) -> InvokeResponse {
        let live = held.sandbox
        let tail = request.logType == .tail ? live.log.beginTail() : nil
        live.log.write(.start(requestID: request.requestID, function.version))
        let began = clock.now()
        let result: Result<InvocationResult, SandboxError>
        do throws(SandboxError) {
            result = .success(
                try await live.sandbox.invoke(event(request, function), deadline: .seconds(function.timeout)))
        } catch {
            result = .failure(error)
        }
        var report = InvocationReport(
            requestID: request.requestID, duration: clock.now() - began, memorySizeMegabytes: function.memorySize,
            maximumMemoryBytes: 0, coldStart: held.coldStart)
        switch result {
        case .success(let result):
            let outcome = Self.outcome(result)
            report.failure = outcome.failure?.logged
            pool.settle(live) { [report] in await Self.settle(live, report) }
            if tail != nil { _ = await live.settled() }
            refill(after: live)
            return response(function, outcome, tail)
        case .failure(let error):
            let failure = Self.failure(error, request, function)
            report.failure = failure?.logged ?? error.logged
            if failure?.logged == .timeout { report.duration = .seconds(function.timeout) }
            Self.finish(live.log, report, text: failure?.logText ?? "RequestId: \(request.requestID) Error: \(error)")
            pool.discard(live)
            refill(after: live)
            guard let failure else { throw .refused(.service("\(error)")) }
            return response(function, (failure.payload, failure), tail)
        }
    }

    /// Has the engine prepare a clone in place of one that was taken: not before its first answer is out, so that starting
    /// the next does not slow this one down.
    private func refill(after live: LiveSandbox) {
        guard let snapshot = live.takeSnapshot() else { return }
        tasks.start { [ready] in
            _ = await live.settled()
            await ready.use(live.key.version, snapshot)
        }
    }

    private func event(_ request: InvokeRequest, _ function: FunctionConfiguration) -> Invocation {
        let now = clock.wallClock() / 1_000_000
        return Invocation(
            requestID: request.requestID, deadlineMilliseconds: now + UInt64(function.timeout) * 1000,
            invokedFunctionARN: account.arn(request.reference).description,
            traceID: request.traceID ?? Self.traceID(milliseconds: now), clientContext: request.clientContext,
            payload: request.payload.isEmpty ? Array("{}".utf8) : request.payload)
    }

    /// X-Ray's header for a request that nobody samples: `Root=1-<seconds, hex>-<96 random bits>;Parent=…;Sampled=0`.
    private static func traceID(milliseconds: UInt64) -> String {
        let seconds = String(milliseconds / 1000, radix: 16)
        return "Root=1-\(seconds)-\(Hexadecimal.random(bytes: 12));Parent=\(Hexadecimal.random(bytes: 8));Sampled=0"
    }

    // MARK: - What came of it

    private typealias Outcome = (payload: [UInt8], failure: FunctionFailure?)

    private static func outcome(_ result: InvocationResult) -> Outcome {
        switch result {
        case .response(let payload):
            guard payload.count <= Limits.payload else {
                return (FunctionFailure.responseTooLarge.payload, .responseTooLarge)
            }
            return (payload, nil)
        case .error(let reported):
            let failure = FunctionFailure.reported(reported)
            return (failure.payload, failure)
        }
    }

    /// The function's failure that `error` is; nil when it is the server's.
    private static func failure(
        _ error: SandboxError, _ request: InvokeRequest, _ function: FunctionConfiguration
    ) -> FunctionFailure? {
        switch error.code {
        case .timedOut: .timedOut(requestID: request.requestID, seconds: function.timeout)
        case .runtimeExited(let reason, _): .exited(reason, requestID: request.requestID)
        case .initializationFailed(let failure), .restoreFailed(let failure): .reported(failure)
        case .lost, .freezeRefused, .snapshotUnusable, .host, .isolationUnavailable, .destroyed: nil
        }
    }

    /// Waits for the runtime's next request and writes the end of the invocation's log.
    private static func settle(_ live: LiveSandbox, _ report: InvocationReport) async -> Bool {
        var report = report
        do throws(SandboxError) {
            report.maximumMemoryBytes = try await live.sandbox.waitUntilIdle()
            finish(live.log, report, text: nil)
            return true
        } catch {
            if report.failure == nil { report.failure = error.logged }
            finish(live.log, report, text: "RequestId: \(report.requestID) Error: \(error)")
            return false
        }
    }

    private static func finish(_ log: LogStream, _ report: InvocationReport, text: String?) {
        if let text { log.write(text: text) }
        log.write(.end(requestID: report.requestID), .report(report))
        log.endTail()
    }

    /// Init failed: AWS answers the invocation that needed it with the function's error.
    private func answer(
        initFailure error: SandboxError, _ log: LogStream, _ request: InvokeRequest, _ function: FunctionConfiguration
    ) throws(Refusal) -> InvokeResponse {
        let tail = request.logType == .tail ? log.beginTail() : nil
        let failure = Self.failure(error, request, function)
        log.write(.start(requestID: request.requestID, function.version))
        let report = InvocationReport(
            requestID: request.requestID, duration: failure?.logged == .timeout ? .seconds(function.timeout) : .zero,
            memorySizeMegabytes: function.memorySize, maximumMemoryBytes: 0, failure: error.logged)
        Self.finish(log, report, text: failure?.logText ?? failure.map { _ in "" } ?? "\(error)")
        log.close()
        guard let failure else { throw .refused(.service("\(error)")) }
        return response(function, (failure.payload, failure), tail)
    }

    private func response(
        _ function: FunctionConfiguration, _ outcome: Outcome, _ tail: LogTail?
    ) -> InvokeResponse {
        InvokeResponse(
            executedVersion: function.version, functionError: outcome.failure.map { _ in "Unhandled" },
            logTail: tail?.bytes, payload: outcome.payload)
    }
}
