import Sandboxes

/// What a clone is made of until a sandbox has it.
package struct CloneParts: Sendable {
    let cell: Cell
    let control: ControlChannel
    let runtime: HostedRuntime

    package init(cell: Cell, control: ControlChannel, runtime: HostedRuntime) {
        self.cell = cell
        self.control = control
        self.runtime = runtime
    }
}

/// Where a clone stands, and what it has there. Each transition gives the state after it.
///
/// ```
/// prepared ──▶ requested ──▶ made ──▶ parked ──▶ woken ──▶ handedOver        any ──▶ failed
///                  └───────────┴──────────────────────────────▲
/// ```
/// The lower way is the usual one: the clone has been let go before it exists, and comes to life with its answer waiting.
package enum CloneLife: Sendable {
    /// There is a cell with what the clone will be given; no template has been asked.
    case prepared(CloneParts, Cell.Access)
    /// The template has not answered yet. `isComplete` when the clone itself has said that it is.
    case requested(CloneParts, isComplete: Bool)
    /// The process exists.
    case made(CloneParts)
    /// Complete, and waits for its wake.
    case parked(CloneParts)
    /// Let go after it had parked.
    case woken(CloneParts)
    /// A sandbox has both.
    case handedOver(Cell, HostedRuntime)
    /// Of no more use, with the first reason.
    case failed(Cell, HostedRuntime, CloneFailure)

    var cell: Cell {
        switch self {
        case .prepared(let parts, _), .requested(let parts, _), .made(let parts), .parked(let parts), .woken(let parts):
            parts.cell
        case .handedOver(let cell, _), .failed(let cell, _, _): cell
        }
    }

    var runtime: HostedRuntime {
        switch self {
        case .prepared(let parts, _), .requested(let parts, _), .made(let parts), .parked(let parts), .woken(let parts):
            parts.runtime
        case .handedOver(_, let runtime), .failed(_, let runtime, _): runtime
        }
    }

    /// Nil once there is nothing more to be made.
    var parts: CloneParts? {
        switch self {
        case .prepared(let parts, _), .requested(let parts, _), .made(let parts), .parked(let parts), .woken(let parts):
            parts
        case .handedOver, .failed: nil
        }
    }

    package var failure: CloneFailure? { if case .failed(_, _, let failure) = self { failure } else { nil } }

    // MARK: - Transitions

    /// A template is asked, once; nil for a clone for which one has been.
    package func asked() -> (life: CloneLife, access: Cell.Access)? {
        guard case .prepared(let parts, let access) = self else { return nil }
        return (.requested(parts, isComplete: false), access)
    }

    /// The template has answered, which may be after the runtime has.
    package func answered(_ outcome: CloneOutcome) -> CloneLife {
        switch (outcome, self) {
        case (.made, .requested(let parts, let isComplete)): isComplete ? .parked(parts) : .made(parts)
        case (.made, _), (_, .failed): self
        case (.failed(let failure), _): .failed(cell, runtime, .restorer(failure))
        case (.templateLost, _): .failed(cell, runtime, .templateLost)
        }
    }

    /// The clone has said something while somebody waits for it to park.
    package func heard(_ message: ControlChannel.Message) -> CloneLife {
        switch (message, self) {
        case (.parked, .requested(let parts, _)): .requested(parts, isComplete: true)
        case (.parked, .made(let parts)): .parked(parts)
        case (.failed(let failure), .requested), (.failed(let failure), .made):
            .failed(cell, runtime, .restorer(failure))
        case (.closed, .requested), (.closed, .made):
            .failed(cell, runtime, .ended(.lost("the clone ended before it was complete", during: .restore)))
        default: self
        }
    }

    /// Nobody waits any longer for it to park.
    package func late(_ limit: Duration) -> CloneLife {
        switch self {
        case .requested, .made: failing(.timedOut(.restore, limit: limit))
        case .prepared, .parked, .woken, .handedOver, .failed: self
        }
    }

    /// It is let go: one that has parked goes on now, any other when it has come so far.
    package func released() -> CloneLife { if case .parked(let parts) = self { .woken(parts) } else { self } }

    /// It answers, and is the sandbox's.
    package func answering() -> CloneLife { if let parts { .handedOver(parts.cell, parts.runtime) } else { self } }

    /// Something went wrong with it. What the restorer has said of that, which it says once, is the better reason.
    package func failing(_ error: SandboxError) -> CloneLife {
        if case .failed = self { return self }
        let report = parts?.control.failure()
        return .failed(cell, runtime, report.map { .restorer($0) } ?? .ended(error))
    }
}

/// Why a clone is of no use.
package enum CloneFailure: Error, Sendable {
    /// The restorer could not make it.
    case restorer(RestorerFailure)
    /// The template ended before it answered: nothing is wrong with the snapshot or the host.
    case templateLost
    /// It was not asked for, or ended, or its runtime failed.
    case ended(SandboxError)

    /// Whether no clone was made, or one that came to nothing before it was complete: nothing that the function has done.
    package var isOfMaking: Bool {
        switch self {
        case .restorer, .templateLost: true
        case .ended: false
        }
    }

    /// For the one who asked.
    package func error() -> SandboxError {
        switch self {
        case .restorer(let failure): failure.error()
        case .templateLost: .lost("the clone was not made", during: .restore)
        case .ended(let error): error
        }
    }
}
