/// What setrlimit(2) allows a function, soft and hard, as on AWS.
package enum RuntimeLimit {
    package static let openFiles: UInt64 = 1024
    /// Processes and threads of the sandbox's user.
    package static let processes: UInt64 = 742
    package static let lockedMemoryBytes: UInt64 = 65_536
    package static let coreFileBytes: UInt64 = 10 << 30
}
