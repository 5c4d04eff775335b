package import GuestProtocol

/// Why a sandbox could not do what was asked. Callers switch on ``code``; the texts are for people.
package struct SandboxError: Error, Sendable, CustomStringConvertible {
    package enum Phase: String, Sendable { case boot, initialization, freeze, restore, invocation }

    package enum Code: Sendable, Equatable {
        /// The runtime posted `/runtime/init/error`.
        case initializationFailed(RuntimeFailure)
        /// The runtime posted `/runtime/restore/error`.
        case restoreFailed(RuntimeFailure)
        case timedOut(Phase, limit: Duration)
        case runtimeExited(ExitReason, during: Phase)
        /// The virtual machine or its supervisor died or spoke nonsense.
        case lost(during: Phase)
        /// The sandbox is in a state that its engine does not freeze.
        case freezeRefused
        /// The snapshot does not fit this host or is damaged: it must be taken anew.
        case snapshotUnusable
        /// The host could not give what the sandbox needs: disk, memory, network, QEMU.
        case host
        /// No engine of this server makes sandboxes at this level.
        case isolationUnavailable
        case destroyed
    }

    package let code: Code
    /// What failed, on what, and what to do about it.
    package let message: String
    /// The error of the part below that led to this one.
    package let cause: (any Error)?

    package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// What `cause` is to those above; one of this kind stays what it is.
    /// - Parameter action: what failed, when the cause does not say: "open /dev/null".
    package init(_ code: Code, _ action: String? = nil, _ cause: any Error) {
        if let known = cause as? SandboxError {
            self = known
        } else {
            self.init(code, action.map { "cannot \($0): \(cause)" } ?? "\(cause)", cause: cause)
        }
    }

    package var description: String {
        switch code {
        case .lost(let phase): "the sandbox was lost during \(phase.rawValue): \(message)"
        case .snapshotUnusable: "the snapshot cannot be used: \(message)"
        case .initializationFailed, .restoreFailed, .timedOut, .runtimeExited, .freezeRefused, .host,
            .isolationUnavailable, .destroyed:
            message
        }
    }
}

extension SandboxError {
    package static func initializationFailed(_ failure: RuntimeFailure) -> Self {
        Self(.initializationFailed(failure), "the runtime reported \(failure.errorType) during init")
    }

    package static func restoreFailed(_ failure: RuntimeFailure) -> Self {
        Self(.restoreFailed(failure), "the runtime reported \(failure.errorType) during restore")
    }

    package static func timedOut(_ phase: Phase, limit: Duration) -> Self {
        Self(.timedOut(phase, limit: limit), "\(phase.rawValue) took longer than \(limit)")
    }

    package static func runtimeExited(_ reason: ExitReason, during phase: Phase) -> Self {
        Self(.runtimeExited(reason, during: phase), "the runtime ended during \(phase.rawValue): \(reason)")
    }

    package static func lost(_ what: String, during phase: Phase) -> Self { Self(.lost(during: phase), what) }

    /// - Parameter what: the state, and what the function can do about it.
    package static func freezeRefused(_ what: String, cause: (any Error)? = nil) -> Self {
        Self(.freezeRefused, what, cause: cause)
    }

    package static func snapshotUnusable(_ why: String) -> Self { Self(.snapshotUnusable, why) }

    package static func host(_ what: String, cause: (any Error)? = nil) -> Self { Self(.host, what, cause: cause) }

    package static func isolationUnavailable(_ level: IsolationLevel, available: [IsolationLevel]) -> Self {
        Self(
            .isolationUnavailable,
            "isolation \(level.rawValue) is not available on this server, which runs "
                + "\(available.map(\.rawValue).joined(separator: " and ")) only: start it with --isolation auto, or ask for "
                + "another isolation")
    }

    package static let destroyed = Self(.destroyed, "the sandbox has been destroyed")
}
