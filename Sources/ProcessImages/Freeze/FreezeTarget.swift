import LinuxKit

/// The runtime process that is to be frozen, and what around it belongs to its sandbox.
package struct FreezeTarget: Sendable {
    /// In this process's pid namespace.
    package var pid: CInt
    /// Process 1 of the sandbox's pid namespace, where it has one of its own: the parent of orphans.
    package var initPID: CInt?
    /// The inode of the pipe that the sandbox's standard output is.
    package var standardOutput: UInt64
    /// The inode of the pipe that the sandbox's standard error is.
    package var standardError: UInt64
    /// The runtime's own port of the connection on which it waits for its Runtime API.
    package var runtimeAPIPort: UInt16?
    /// The network namespace of its sockets.
    package var namespace: SharedDescriptor
    /// What the process is a clone of.
    package var origin: ProcessImage?
    package var means: FreezeMeans
    package var connections: ConnectionPolicy
    /// Whether what may settle is refused, to be looked at again.
    var isPatient = false
    /// Whether /tmp is the process's alone, so that a little of it may be a part of `state`.
    package var ownsScratch: Bool

    package init(
        pid: CInt, initPID: CInt? = nil, standardOutput: UInt64, standardError: UInt64, runtimeAPIPort: UInt16?,
        namespace: SharedDescriptor, origin: ProcessImage? = nil, means: FreezeMeans = .host,
        connections: ConnectionPolicy = .reset, ownsScratch: Bool = false
    ) {
        self.pid = pid
        self.initPID = initPID
        self.standardOutput = standardOutput
        self.standardError = standardError
        self.runtimeAPIPort = runtimeAPIPort
        self.namespace = namespace
        self.origin = origin
        self.means = means
        self.connections = connections
        self.ownsScratch = ownsScratch
    }
}

/// What becomes of a TCP connection whose other end is outside of the sandbox.
package enum ConnectionPolicy: String, Sendable {
    /// Every clone finds it reset by its peer, as it would some time after a freeze of a whole machine.
    case reset
    /// The freeze is refused.
    case refuse

    /// By which a function chooses, in its environment.
    package static let variable = "THAW_FROZEN_CONNECTIONS"
}

/// How a freeze finds out what not every kernel tells. What it writes is the same.
package struct FreezeMeans: Sendable {
    package let pages: PageSearch
    /// Whether a kernel that would tell of registrations with membarrier(2) (Linux 6.3), and of what kind an eventfd(2) is (6.5), is
    /// not asked either. One that does not answer is never relied on.
    package let triesOnly: Bool

    /// By what this host's kernel has.
    package static let host = FreezeMeans(pages: .host, triesOnly: false)
    /// By what every kernel has that Thaw runs on.
    package static let oldest = FreezeMeans(pages: .table, triesOnly: true)
}

/// What a freeze wrote.
package struct FrozenProcess: Sendable, Equatable {
    /// How long the process stood still until everything was written.
    package let pause: Duration
    package let threads: Int
    package let mappings: Int
    package let runs: Int
    package let descriptors: Int
    /// Bytes of the process's memory that are in the file `memory`.
    package let writtenBytes: UInt64
    /// Bytes of the process's memory that are as in the file `base`.
    package let sharedBytes: UInt64
    /// What clones do not have as it was, a sentence each.
    package let remarks: [String]
    /// Whether what is in /tmp was written, too.
    package let hasScratch: Bool
}
