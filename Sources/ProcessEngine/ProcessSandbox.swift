import Basics
import GuestProtocol
import LinuxKit
import Logging
import Sandboxes
import SlotNetwork
import Snapshots
import SystemPackage

/// A process with an initialised runtime in a cell of its own.
package struct ProcessSandbox: Sandbox {
    package let cell: Cell
    let runtime: HostedRuntime
    let engine: ProcessEngine
    let blueprint: ProcessBlueprint
    /// What it is a clone of: of a snapshot or a seed.
    let origin: Template?
    package var thawTimes: ThawTimes?

    package var id: SandboxID { cell.id }
    package var slot: Int? { cell.slot.index }
    package var readyCall: ReadyCall { blueprint.readyCall }
    package var isUsable: Bool { runtime.isUsable }

    package func invoke(
        _ invocation: Invocation, streaming response: ResponseStream?, deadline: Deadline
    ) async throws(SandboxError) -> InvocationResult {
        try await runtime.invoke(invocation, streaming: response, deadline: deadline)
    }

    package func waitUntilIdle(by deadline: Deadline) async throws(SandboxError) -> UInt64 {
        let peak = try await runtime.waitUntilIdle(by: deadline)
        if let process = cell.tenant { origin?.learn(from: process) }
        return peak
    }

    package var memoryPeak: UInt64 { runtime.memoryPeak }

    package func rest() {
        cell.rests()
        do throws(Errno) {
            if let freezer = try cell.openFreezer() { try runtime.standStill(freezer) }
        } catch {
            engine.logger.warning(
                "an idle sandbox cannot be stopped", metadata: ["sandbox": "\(cell.id)", "error": "\(error)"])
        }
    }

    package func freeze(into staging: SnapshotStaging) async throws(SandboxError) -> FrozenSandbox {
        do {
            let frozen = try await SandboxFreeze(
                cell: cell, runtime: runtime, engine: engine, blueprint: blueprint, origin: origin
            ).write(into: staging)
            await destroy()
            return frozen
        } catch {
            await destroy()
            throw error
        }
    }

    package func memory() async throws(SandboxError) -> MemoryUse { try await cell.memory() }

    package func destroy() async { await engine.end(cell, runtime) }
}
