import ArgumentParser

/// How sandboxes are kept apart from each other and from the host.
enum Isolation: String, ExpressibleByArgument, CaseIterable, Sendable {
    case auto
    case microvm
    case process
}
