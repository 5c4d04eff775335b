package import Basics
package import GuestProtocol
package import NetworkModel
package import Snapshots

/// What makes sandboxes at one isolation level. Nothing above knows which engine runs.
package protocol SandboxEngine: Sendable {
    /// The level of its sandboxes; of several engines behind one, the level of a sandbox for which nobody chose.
    var isolation: IsolationLevel { get }

    /// Removes what a dead server left: processes, cgroups, files. Called once, before anything else.
    func sweep() async throws(SandboxError)

    /// Boots an environment, starts the runtime and waits until its init is complete.
    ///
    /// On any failure, the deadline included, nothing of the sandbox is left. What a machine takes to boot, before any code of the
    /// function runs, has a limit of its own.
    func start(
        _ specification: SandboxSpecification, deadline: Deadline, output: @escaping OutputSink
    ) async throws(SandboxError) -> any Sandbox

    /// Makes a clone of `snapshot`: resumed, made unique, after-restore hooks done, ready for its first invocation.
    ///
    /// On any failure, the deadline included, the clone is destroyed: one that was not made unique never runs user code.
    ///
    /// - Parameter network: where it may send to, from its first instruction on; need not be that of the snapshot's init.
    func thaw(
        _ snapshot: SnapshotLease, uniqueness: Uniqueness, network: NetworkMode, deadline: Deadline,
        output: @escaping OutputSink
    ) async throws(SandboxError) -> any Sandbox

    /// Why a snapshot cannot be thawed on this host, as far as its manifest tells; nil when nothing is known against it.
    func refusal(of manifest: SnapshotManifest) -> String?

    /// Keeps `count` clones of `snapshot` prepared ahead, as far as the engine can; 0 drops them all, and leaves what clones are
    /// made of.
    /// - Returns: why there are fewer; nil where there are that many, or nobody knows.
    @discardableResult
    func keepReady(_ count: Int, of snapshot: SnapshotLease) async -> SandboxError?

    /// Returns when everything is in memory that clones of `snapshot` are made of, as far as the engine can: the first clone does not
    /// wait for it. A failure is told to who asks for a clone.
    func warm(_ snapshot: SnapshotLease) async

    /// Lets go of everything that belongs to a snapshot which nobody is to use again, and so of the secrets in it. Take it out of
    /// its repository first: then nothing of it is kept from now on.
    ///
    /// A thaw that is under way keeps what it needs until it ends, and sandboxes live on. Neither is waited for.
    func forget(_ snapshot: SnapshotID) async

    /// Gives back memory of the host's that no sandbox needs: a reserve goes, piece by piece, until `bytes` are free or nothing is
    /// left of it. It is built up again as it is wanted.
    /// - Returns: how many bytes are free, as far as the engine knows what only it had.
    func shed(_ reserve: EngineReserve, atLeast bytes: UInt64) async -> UInt64

    /// Returns when everything that the next sandboxes find built ahead is there.
    func prepare() async

    /// What it holds at the moment, for each level that it makes sandboxes of.
    func stock() async -> [EngineStock]

    /// Ends everything this engine runs and waits until it is gone.
    func shutdown() async
}

extension SandboxEngine {
    package func stock() async -> [EngineStock] { [] }
}

/// One isolated execution environment with an initialised runtime. Serves one invocation at a time.
package protocol Sandbox: Sendable {
    var id: SandboxID { get }
    /// The network slot it is in.
    var slot: Int? { get }
    /// The Runtime API call in which init ended.
    var readyCall: ReadyCall { get }
    /// Of a clone, where the time of its thaw went.
    var thawTimes: ThawTimes? { get }

    /// False once the sandbox is known to be of no more use: it ended while it was idle. Cheap; asked before each invocation.
    var isUsable: Bool { get }

    /// Hands one event to the runtime and waits for its answer. Call again only after ``waitUntilIdle(by:)``.
    ///
    /// After any error the sandbox is of no more use: destroy it.
    ///
    /// - Parameter response: where a response goes that the runtime streams, as it comes; nil for one that is wanted whole.
    func invoke(
        _ invocation: Invocation, streaming response: ResponseStream?, deadline: Deadline
    ) async throws(SandboxError) -> InvocationResult

    /// Waits until the runtime asks for its next invocation; the most memory it has used, in bytes.
    func waitUntilIdle(by deadline: Deadline) async throws(SandboxError) -> UInt64

    /// The most memory that the runtime has used up to now, in bytes; 0 where that is not known before it is idle.
    var memoryPeak: UInt64 { get }

    /// Nobody waits for it: it stands still, and costs no processor time, until the next ``invoke(_:deadline:)`` or its end.
    /// Clocks go on meanwhile, and timers that have come due fire afterwards. At once; does nothing when an invocation has begun.
    func rest()

    /// Brings the sandbox to rest, writes its state into `staging` and destroys it, also on failure.
    /// - Returns: what a later ``SandboxEngine/thaw`` needs to know, for the manifest, and how long the sandbox stood.
    func freeze(into staging: SnapshotStaging) async throws(SandboxError) -> FrozenSandbox

    func memory() async throws(SandboxError) -> MemoryUse

    /// Ends the sandbox and waits until its processes, cgroup and network are gone. Safe to call twice.
    func destroy() async
}

extension Sandbox {
    package func invoke(
        _ invocation: Invocation, deadline: Deadline
    ) async throws(SandboxError) -> InvocationResult {
        try await invoke(invocation, streaming: nil, deadline: deadline)
    }

    /// The same of a runtime that asks right after it has answered.
    @discardableResult
    package func waitUntilIdle() async throws(SandboxError) -> UInt64 {
        try await waitUntilIdle(by: Deadline(in: .seconds(60)))
    }

    package var memoryPeak: UInt64 { 0 }
    package var slot: Int? { nil }
    package var thawTimes: ThawTimes? { nil }
}

/// What an engine has beside sandboxes and can do without, at the cost of slower starts: first what costs less.
package enum EngineReserve: String, Sendable, CaseIterable {
    /// Clones prepared ahead.
    case readyClones
    /// Frozen parents of clones, none of which lives or is being made.
    case idleTemplates
}

package typealias OutputSink = @Sendable (Output) -> Void

package enum IsolationLevel: String, Sendable, Codable, CaseIterable {
    case microvm
    case process
}

package enum InvocationResult: Sendable, Equatable {
    case response([UInt8])
    /// It has gone to the invocation's ``ResponseStream``.
    case streamed
    /// Also of a response that has begun to stream.
    case error(RuntimeFailure)
}

package struct FrozenSandbox: Sendable {
    package var engine: EngineManifest
    /// From "the guest stands still" to "the state is on disk".
    package var pause: Duration
    /// What clones do not find as it was, for the function's log; a sentence each.
    package var remarks: [String]

    package init(engine: EngineManifest, pause: Duration, remarks: [String] = []) {
        self.engine = engine
        self.pause = pause
        self.remarks = remarks
    }
}
