import Basics
import GuestProtocol
import LinuxKit
import Logging
import NetworkModel
import RuntimeAPI
import Sandboxes
import SlotNetwork
import Snapshots
import SystemPackage

extension ProcessEngine {
    package func thaw(
        _ snapshot: SnapshotLease, uniqueness: Uniqueness, network: NetworkMode, deadline: Deadline,
        output: @escaping OutputSink
    ) async throws(SandboxError) -> any Sandbox {
        let lease = try templates.lease(snapshot)
        let order = ThawOrder(
            template: lease.template, uniqueness: uniqueness, network: network, deadline: deadline, output: output)
        do {
            let sandbox: ProcessSandbox
            do { sandbox = try await self.sandbox(order) } catch .templateLost {
                // Another template's clone is as good.
                sandbox = try await self.sandbox(order)
            }
            sandbox.cell.hold(lease.ofClone())
            lease.end()
            return sandbox
        } catch {
            throw error.error()
        }
    }

    /// Of a clone that waits, or of a new one.
    private func sandbox(_ order: ThawOrder) async throws(CloneFailure) -> ProcessSandbox {
        while let clone = order.template.parked.take() {
            if clone.isParked {
                return try await finish(clone, order, ThawTimes(.ready, start: order.start)) { _ throws(SandboxError) in
                    try wake(clone, order)
                }
            }
            // Nobody has to wait until nothing is left of one that is of no use.
            Task { await end(clone) }
        }
        var times = ThawTimes(.new, start: order.start)
        let clone: Clone
        do { clone = try await newClone(of: order.template, by: order.deadline) } catch { throw .ended(error) }
        times.end(.claim, at: MonotonicClock.now())
        return try await make(clone, order, times)
    }

    /// What one thaw was asked for.
    private struct ThawOrder: Sendable {
        let template: Template
        let uniqueness: Uniqueness
        let network: NetworkMode
        let deadline: Deadline
        let output: OutputSink
        let start = MonotonicClock.now()

        /// The time that has passed is not lost to the clone's clock.
        func freshUniqueness() -> Uniqueness {
            var uniqueness = uniqueness
            uniqueness.wallClockNanoseconds = WallClock.now()
            return uniqueness
        }
    }

    private func newClone(of template: Template, by deadline: Deadline) async throws(SandboxError) -> Clone {
        let call: BlockingCall = template.blueprint.readyCall == .restoreNext ? .restoreNext : .invocationNext
        return try await newClone(
            template.blueprint.limits, blockedIn: call, isSnapStart: true,
            keepsConnection: template.blueprint.keepsConnection, by: deadline)
    }

    /// - Parameter call: the Runtime API call in which the frozen runtime waits.
    func newClone(
        _ limits: CellLimits, blockedIn call: BlockingCall, isSnapStart: Bool, keepsConnection: Bool = true,
        by deadline: Deadline
    ) async throws(SandboxError) -> Clone {
        let cell =
            if let ready = try cells.takeReady(limits) { ready } else { try await cells.claim(limits, by: deadline) }
        do {
            return try Clone(
                in: cell, loop: loop, blockedIn: call, isSnapStart: isSnapStart, keepsConnection: keepsConnection)
        } catch {
            await cells.end(cell)
            throw error
        }
    }

    private func make(
        _ clone: Clone, _ order: ThawOrder, _ times: ThawTimes
    ) async throws(CloneFailure) -> ProcessSandbox {
        let template = order.template
        return try await finish(clone, order, times) { times throws(SandboxError) in
            let process =
                if let running = template.running { running } else { try await template.process(by: order.deadline) }
            times.end(.template, at: MonotonicClock.now())
            guard template.blueprint.readyCall == .restoreNext else {
                // Nothing says that such a runtime has gone on: it waits for an invocation as before. So it has to be there first.
                try request(clone, template, process, by: order.deadline)
                try await clone.park(on: loop, by: order.deadline)
                times.end(.make, at: MonotonicClock.now())
                return try wake(clone, order)
            }
            try wake(clone, order)
            try request(clone, template, process, by: order.deadline)
        }
    }

    /// Lets the clone go, into its network: none of it has run before.
    private func wake(_ clone: Clone, _ order: ThawOrder) throws(SandboxError) {
        try clone.cell.join(order.network)
        try clone.wake(order.freshUniqueness(), output: order.output)
    }

    private func request(
        _ clone: Clone, _ template: Template, _ process: TemplateProcess, by deadline: Deadline, isAhead: Bool = false
    ) throws(SandboxError) {
        try clone.request(
            from: process, by: deadline, scratchBytes: template.blueprint.limits.scratchBytes,
            hasFrozenScratch: template.hasFrozenScratch, isAhead: isAhead)
    }

    /// Runs what lets the clone go, and waits until it is ready. On any failure nothing is left of it.
    private func finish(
        _ clone: Clone, _ order: ThawOrder, _ times: ThawTimes,
        _ release: (inout ThawTimes) async throws(SandboxError) -> Void
    ) async throws(CloneFailure) -> ProcessSandbox {
        var times = times
        do {
            try await release(&times)
            try await clone.runtime.waitUntilRestored(by: order.deadline)
            times.end(.restore, at: MonotonicClock.now())
        } catch {
            let failure = clone.fail(error)
            await end(clone)
            throw failure
        }
        let (cell, runtime) = clone.handOver()
        hosted.add(runtime)
        return ProcessSandbox(
            cell: cell, runtime: runtime, engine: self, blueprint: order.template.blueprint, origin: order.template,
            thawTimes: times)
    }

    // MARK: - Ahead

    @discardableResult
    package func keepReady(_ count: Int, of snapshot: SnapshotLease) async -> SandboxError? {
        guard count > 0 else {
            await templates.dropReadyClones(of: snapshot.id)
            return nil
        }
        guard !snapshot.isLeaving else { return nil }
        let failure: SandboxError?
        do {
            let lease = try templates.lease(snapshot)
            failure = await keepReady(count, of: lease.template)
            lease.end()
        } catch {
            failure = error
        }
        if let failure {
            logger.warning("cannot prepare a clone", metadata: ["snapshot": "\(snapshot.id)", "error": "\(failure)"])
        }
        return failure
    }

    private func keepReady(_ count: Int, of template: Template) async -> SandboxError? {
        var failure: SandboxError?
        await template.parked.keep(count) { [self] in
            do throws(SandboxError) { return try await parked(template) } catch {
                failure = error
                return nil
            }
        } end: { [self] clone in
            await end(clone)
        }
        return failure
    }

    package func warm(_ snapshot: SnapshotLease) async {
        guard !snapshot.isLeaving, let lease = try? templates.lease(snapshot) else { return }
        _ = try? await lease.template.process()
        lease.end()
    }

    package func forget(_ snapshot: SnapshotID) async { await templates.forget(snapshot) }

    /// As long as a clone that nobody waits for may take.
    private static let parkLimit = Duration.seconds(30)

    private func parked(_ template: Template) async throws(SandboxError) -> Clone {
        let process = try await template.process()
        let deadline = Deadline(in: Self.parkLimit)
        let clone = try await newClone(of: template, by: deadline)
        do {
            try request(clone, template, process, by: deadline, isAhead: true)
            try await clone.park(on: loop, by: deadline)
            return clone
        } catch {
            let failure = clone.fail(error)
            await end(clone)
            throw failure.error()
        }
    }
}
