import SystemPackage

/// Why a process was not frozen. It goes on as if nothing had happened.
package enum FreezeError: Error, Sendable, CustomStringConvertible {
    /// The process has state that a clone could not have: all of it, in one go.
    case refused([Refusal])
    /// The host failed, or the process ended.
    case failed(String)

    package var description: String {
        switch self {
        case .refused(let refusals): refusals.map(\.description).joined(separator: "; ")
        case .failed(let reason): reason
        }
    }
}

extension FreezeError {
    /// What `body` does, as a sentence for when it fails.
    static func failing<R>(to what: String, _ body: () throws(Errno) -> R) throws(FreezeError) -> R {
        do { return try body() } catch { throw .failed("cannot \(what): \(error)") }
    }
}

/// One thing that keeps a process from being frozen, and what to do about it.
package struct Refusal: Sendable, Hashable, CustomStringConvertible {
    /// "fd 7 is a connected TCP socket to 10.0.0.5:5432".
    package let finding: String
    /// "close it in a before-snapshot hook".
    package let remedy: String
    let patience: Patience

    /// Whether it may be gone by itself, and how soon.
    enum Patience: Sendable, Comparable { case none, moment, longer }

    package var description: String { "\(finding): \(remedy)" }
}

/// The refusals of one look at a process.
struct Refusals {
    private(set) var all: [Refusal] = []

    static let closeInHook = "close it in a before-snapshot hook"

    mutating func add(_ finding: String, _ remedy: String = closeInHook, patience: Refusal.Patience = .none) {
        let refusal = Refusal(finding: finding, remedy: remedy, patience: patience)
        if !all.contains(refusal) { all.append(refusal) }
    }

    /// Those of another process than the runtime's own.
    mutating func add(_ others: Refusals, of process: String) {
        for other in others.all { add("\(other.finding) (process \(process))", other.remedy, patience: other.patience) }
    }
}
