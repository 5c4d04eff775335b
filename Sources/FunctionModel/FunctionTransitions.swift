import struct Foundation.Date
import struct Foundation.UUID

/// The legal changes of a function and its versions. Each gives the configuration after the change, with a new
/// revision, or nil when it makes no sense in the present state.
///
/// ```
/// created -> Pending -> Active | Failed
/// $LATEST:  Active|Failed|Inactive + update InProgress -> Successful | Failed
/// version:  Pending -> Active (SnapStart: optimisation On; another snapshot: still Active) -> Inactive -> Pending (Restoring) -> Active | Failed
///           Active | Inactive -> Failed, when no clone of it can be made
/// ```
extension FunctionConfiguration {
    package static func makeRevisionID() -> String { UUID().uuidString.lowercased() }

    /// `$LATEST` as CreateFunction answers it: `Pending`, no update status. Everything else is kept.
    package func created(at date: Date) -> Self {
        var next = changed()
        next.version = .latest
        next.state = .pending(.creating)
        next.lastUpdate = nil
        next.lastModified = date
        next.snapStart.optimizationStatus = .off
        next.contentID = next.revisionID
        return next
    }

    /// What was pending is ready. A version with SnapStart then has its snapshot.
    package func activated() -> Self? {
        guard case .pending = state else { return nil }
        var next = changed()
        next.state = .active
        next.lastUpdate = .successful
        if version != .latest, snapStart.applyOn == .publishedVersions { next.snapStart.optimizationStatus = .on }
        return next
    }

    /// What was pending cannot be had: for a version, for ever.
    package func failed(_ reason: StateReason) -> Self? {
        guard case .pending = state else { return nil }
        var next = changed()
        next.state = .failed(reason)
        next.lastUpdate = .failed(reason)
        return next
    }

    /// `$LATEST` with an update begun. Ask ``checkUpdatable(arn:)`` first: it gives the error that clients expect.
    ///
    /// - Parameter change: sets the new members. A change that sets nothing new keeps ``contentID``.
    package func updating(at date: Date, _ change: (inout FunctionConfiguration) -> Void) -> Self? {
        guard version == .latest, !isPending, !isUpdating else { return nil }
        var next = self
        change(&next)
        let isSame = next == self
        next.version = .latest
        next.state = state
        next.revisionID = Self.makeRevisionID()
        next.contentID = isSame ? contentID : next.revisionID
        next.lastUpdate = .inProgress(.creating)
        next.lastModified = date
        return next
    }

    /// `$LATEST` after its tags were changed, which AWS shows as a new revision.
    ///
    /// - Parameter changingContent: the tags ask for something that a new version would have and the last one has not.
    package func retagged(changingContent: Bool) -> Self? {
        guard version == .latest else { return nil }
        var next = changed()
        if changingContent { next.contentID = next.revisionID }
        return next
    }

    package func updateSucceeded() -> Self? {
        guard isUpdating else { return nil }
        var next = changed()
        next.state = .active
        next.lastUpdate = .successful
        return next
    }

    package func updateFailed(_ reason: StateReason) -> Self? {
        guard isUpdating else { return nil }
        var next = changed()
        next.lastUpdate = .failed(reason)
        return next
    }

    /// The version made of this `$LATEST`: pending when it needs a snapshot, or when `$LATEST` itself is not ready yet.
    ///
    /// - Parameter description: replaces the function's when given.
    package func published(as number: Int, description: String? = nil) -> Self? {
        guard version == .latest, number > 0 else { return nil }
        var next = changed()
        next.contentID = contentID
        next.version = .published(number)
        next.description = description ?? next.description
        next.snapStart.optimizationStatus = .off
        if snapStart.applyOn == .publishedVersions || isPending || isUpdating {
            next.state = .pending(.creating)
            next.lastUpdate = nil
        } else {
            next.state = .active
            next.lastUpdate = .successful
        }
        return next
    }

    /// A version whose snapshot is gone or cannot be used on this host any more.
    package func deactivated(_ reason: StateReason) -> Self? {
        guard version != .latest, case .active = state else { return nil }
        var next = changed()
        next.state = .inactive(reason)
        next.snapStart.optimizationStatus = .off
        return next
    }

    /// An inactive version of which a new snapshot is being made.
    package func restoring() -> Self? {
        guard case .inactive = state else { return nil }
        var next = changed()
        next.state = .pending(.restoring)
        return next
    }

    /// An active version with another snapshot than it had.
    package func regenerated() -> Self? {
        guard version != .latest, case .active = state, snapStart.optimizationStatus == .on else { return nil }
        return changed()
    }

    /// A version of which no clone can be made, whatever snapshot is taken of it.
    package func unrestorable(_ reason: StateReason) -> Self? {
        guard version != .latest else { return nil }
        switch state {
        case .active, .inactive: break
        case .pending, .failed: return nil
        }
        var next = changed()
        next.state = .failed(reason)
        next.lastUpdate = .failed(reason)
        next.snapStart.optimizationStatus = .off
        return next
    }

    private func changed() -> Self {
        var next = self
        next.revisionID = Self.makeRevisionID()
        return next
    }
}

/// What may be done now.
extension FunctionConfiguration {
    package var isPending: Bool {
        if case .pending = state { true } else { false }
    }

    package var isUpdating: Bool {
        if case .inProgress = lastUpdate { true } else { false }
    }

    /// Whether somebody is still working on it; after a crash, nobody is.
    package var isUnfinished: Bool { isPending || isUpdating }

    /// Refuses a change of `$LATEST` while another is under way.
    ///
    /// - Parameter arn: the function's, unqualified.
    package func checkUpdatable(arn: FunctionARN) throws(LambdaError) {
        if isPending { throw .wrongState(state.name) }
        if isUpdating { throw .updateInProgress(arn: arn.description) }
    }

    /// Refuses an invocation of what is not ready. `$LATEST` can be invoked while it is updated.
    package func checkInvocable() throws(LambdaError) {
        switch state {
        case .active: return
        case .pending: throw .wrongState(state.name)
        case .inactive: throw .snapStartNotReady
        case .failed(let reason): throw .wrongState(state.name, reason: reason)
        }
    }

    /// Refuses an event for what cannot be invoked and may never be. One that is being renewed can wait for it.
    package func checkAcceptsEvents() throws(LambdaError) {
        if case .inactive = state { return }
        try checkInvocable()
    }

    /// Refuses a call whose `RevisionId` is not the present one; nil is not checked.
    package func checkRevision(_ given: String?) throws(LambdaError) {
        if let given, given != revisionID { throw .revisionMismatch }
    }

    /// Refuses a publish whose `CodeSha256` is not the present one; nil is not checked.
    package func checkCodeSha256(_ given: String?) throws(LambdaError) {
        if let given, given != code.sha256 { throw .codeSha256Mismatch(given: given, current: code.sha256) }
    }
}

extension FunctionState {
    /// AWS's `State`.
    package var name: String {
        switch self {
        case .pending: "Pending"
        case .active: "Active"
        case .inactive: "Inactive"
        case .failed: "Failed"
        }
    }

    /// `StateReason` and `StateReasonCode`.
    package var reason: StateReason? {
        switch self {
        case .active: nil
        case .pending(let reason), .inactive(let reason), .failed(let reason): reason
        }
    }
}

extension LastUpdate {
    /// AWS's `LastUpdateStatus`.
    package var name: String {
        switch self {
        case .inProgress: "InProgress"
        case .successful: "Successful"
        case .failed: "Failed"
        }
    }

    /// `LastUpdateStatusReason` and `LastUpdateStatusReasonCode`.
    package var reason: StateReason? {
        switch self {
        case .successful: nil
        case .inProgress(let reason), .failed(let reason): reason
        }
    }
}

extension StateReason {
    package static let restoring = StateReason(code: "Restoring", message: "The function is being restored.")
    package static let idle = StateReason(code: "Idle", message: "The function is currently idle.")

    /// Init or a before-snapshot hook took too long.
    package static func initTimeout(_ message: String) -> Self {
        Self(code: "FunctionError.InitTimeout", message: message)
    }

    /// The runtime reported an init error, or exited.
    package static func initError(_ message: String) -> Self {
        Self(code: "FunctionError.RuntimeInitError", message: message)
    }

    /// The runtime's program or the handler cannot be started.
    package static func invalidEntryPoint(_ message: String) -> Self {
        Self(code: "FunctionError.InvalidEntryPoint", message: message)
    }

    /// Init used more memory than the function has.
    package static func initResourceExhausted(_ message: String) -> Self {
        Self(code: "FunctionError.InitResourceExhausted", message: message)
    }

    /// Init ended well, but in a state of which no snapshot can be taken. The code is ours: AWS freezes whole machines.
    package static func snapshotRefused(_ message: String) -> Self {
        Self(code: "FunctionError.SnapshotRefused", message: message)
    }

    /// A snapshot was taken, and no clone can be made of it. The code is ours, too.
    package static func snapshotUnusable(_ message: String) -> Self {
        Self(code: "FunctionError.SnapshotUnusable", message: message)
    }

    /// The function asks for what this server does not have.
    package static func invalidConfiguration(_ message: String) -> Self {
        Self(code: "InvalidConfiguration", message: message)
    }

    /// The virtual network that the function asks for is not there, or cannot be used.
    package static func invalidSubnet(_ detail: String) -> Self {
        Self(code: "InvalidSubnet", message: ClientText.of(detail))
    }

    package static func invalidZip(_ message: String) -> Self {
        Self(code: "InvalidZipFileException", message: message)
    }

    /// This server failed, not the function.
    package static func internalError(_ detail: String) -> Self {
        Self(code: "InternalError", message: ClientText.of(detail))
    }
}
