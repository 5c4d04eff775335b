/// What functions may have beside SnapStart.
package enum SnapStartPolicy: String, Sendable, CaseIterable {
    /// What they may have on AWS.
    case aws
    /// Provisioned concurrency, too.
    case open
}
