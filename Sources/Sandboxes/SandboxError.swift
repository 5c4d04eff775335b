package import GuestProtocol

/// Why a sandbox could not do what was asked. Callers switch on the case; `description` is for people.
package enum SandboxError: Error, Sendable, CustomStringConvertible {
    package enum Phase: String, Sendable { case boot, initialization, freeze, restore, invocation }

    /// The runtime posted `/runtime/init/error`.
    case initializationFailed(RuntimeFailure)
    /// The runtime posted `/runtime/restore/error`.
    case restoreFailed(RuntimeFailure)
    case timedOut(Phase, limit: Duration)
    case runtimeExited(ExitReason, during: Phase)
    /// The virtual machine or its supervisor died or spoke nonsense.
    case lost(String, during: Phase)
    /// The sandbox is in a state that its engine does not freeze; says which, and what the function can do about it.
    case freezeRefused(String)
    /// The snapshot does not fit this host or is damaged: it must be taken anew.
    case snapshotUnusable(String)
    /// The host could not give what the sandbox needs: disk, memory, network, QEMU.
    case host(String)
    /// No engine of this server makes sandboxes at this level.
    case isolationUnavailable(IsolationLevel, available: [IsolationLevel])
    case destroyed

    package var description: String {
        switch self {
        case .initializationFailed(let failure): "the runtime reported \(failure.errorType) during init"
        case .restoreFailed(let failure): "the runtime reported \(failure.errorType) during restore"
        case .timedOut(let phase, let limit): "\(phase.rawValue) took longer than \(limit)"
        case .runtimeExited(let reason, let phase): "the runtime ended during \(phase.rawValue): \(reason)"
        case .lost(let what, let phase): "the sandbox was lost during \(phase.rawValue): \(what)"
        case .freezeRefused(let what): what
        case .snapshotUnusable(let why): "the snapshot cannot be used: \(why)"
        case .host(let what): what
        case .isolationUnavailable(let level, let available):
            "isolation \(level.rawValue) is not available on this server, which runs "
                + "\(available.map(\.rawValue).joined(separator: " and ")) only: start it with --isolation auto, or ask for "
                + "another isolation"
        case .destroyed: "the sandbox has been destroyed"
        }
    }
}
