import Basics
import GuestProtocol
import LinuxKit
import Logging
import Sandboxes
import Snapshots
import SystemPackage

/// A virtual machine with an initialised runtime inside.
struct MicroVM: Sandbox {
    let machine: Machine
    let engine: MicroVMEngine
    let description: MachineDescription
    let processor: VirtualProcessor
    let readyCall: ReadyCall
    var thawTimes: ThawTimes?

    var id: SandboxID { machine.id }
    var slot: Int? { machine.slot }
    var isUsable: Bool { machine.guest.isQuiet }

    func invoke(
        _ invocation: Invocation, streaming response: ResponseStream?, deadline: Deadline
    ) async throws(SandboxError) -> InvocationResult {
        try machine.moveOn()
        if let response {
            machine.guest.invoke(invocation, streaming: response)
        } else {
            machine.guest.send(.invoke(invocation))
        }
        defer { if response != nil { machine.guest.endParts() } }
        switch try await machine.guest.next(during: .invocation, by: deadline) {
        case .response(invocation.requestID, let payload): return .response(payload)
        case .responseEnded(invocation.requestID): return .streamed
        case .invocationFailed(invocation.requestID, let failure): return .error(failure)
        case let other: throw unexpected(other, during: .invocation)
        }
    }

    func waitUntilIdle(by deadline: Deadline) async throws(SandboxError) -> UInt64 {
        let message = try await machine.guest.next(during: .invocation, by: deadline)
        guard case .idle(let memory) = message else { throw unexpected(message, during: .invocation) }
        machine.mayStandStill()
        return memory
    }

    func rest() {
        do throws(Errno) { try machine.standStill() } catch {
            engine.launcher.logger.warning(
                "an idle machine cannot be stopped", metadata: ["sandbox": "\(id)", "error": "\(error)"])
        }
    }

    func freeze(into staging: SnapshotStaging) async throws(SandboxError) -> FrozenSandbox {
        do throws(SandboxError) {
            let frozen = try await MachineFreeze(
                machine: machine, hypervisor: engine.hypervisor, description: description, processor: processor,
                readyCall: readyCall
            ).write(into: staging)
            await engine.end(machine)
            return frozen
        } catch {
            await engine.end(machine)
            throw machine.ranOutOfRoom ? .noRoom(forMegabytes: description.memoryMegabytes) : error
        }
    }

    func memory() async throws(SandboxError) -> MemoryUse { try await machine.memory() }

    func destroy() async { await engine.end(machine) }
}

/// The error for a message that makes no sense now: the guest is not to be trusted any more.
func unexpected(_ message: GuestMessage, during phase: SandboxError.Phase) -> SandboxError {
    let name = "\(message)".prefix { $0 != "(" }
    return .lost("the guest supervisor said \(name) out of turn", during: phase)
}
