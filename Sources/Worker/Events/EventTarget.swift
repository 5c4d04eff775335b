package import SystemPackage

/// Where an operator has what is meant for an ARN go: to where the ARN leads, if not here.
package enum EventTarget: Sendable, Hashable {
    /// A line is appended for each.
    case file(FilePath)
    /// `http` or `https`; each is posted.
    case webhook(String)
}
