internal import Basics
import Glibc
package import LinuxKit
import Synchronization
package import SystemPackage

/// Makes images of untrusted input: of zips, and of what functions wrote. Nothing of that is read here: a child does it, in a jail,
/// with limits on memory, time, and what it writes.
///
/// The jail: a user of its own without capabilities, new namespaces, no network, a root with nothing but the system's libraries,
/// a filter that refuses system calls it does not need, and open descriptors of the input and the image alone.
package struct Workshop: Sendable {
    /// What one piece of work may use.
    package struct Limits: Sendable {
        package var time = Duration.seconds(120)
        package var processorSeconds: UInt64 = 60
        package var memoryBytes: UInt64 = 1 << 30

        package init() {}
    }

    /// Who it runs as; outside what Debian gives out.
    package static let user: UInt32 = 1_899_999_999
    /// Pieces of work at a time: what comes later waits, and a burst of uploads does not take the processors from functions.
    private static let places = 2
    private static let smallFile: UInt64 = 65_536

    private let program: FilePath
    private let limits: Limits
    private let gate = Gate(limit: places)

    /// - Parameter program: the executable `ThawWorkshop`.
    package init(program: FilePath, limits: Limits = Limits()) {
        self.program = program
        self.limits = limits
    }

    // MARK: - Work

    /// Reads an archive's directory.
    /// - Parameter zip: a file of its own, because its offset moves.
    /// - Returns: the bytes that it unpacks to.
    package func inspect(zip: SharedDescriptor, limits: ZipLimits) async throws(WorkshopError) -> Int {
        try await run(["inspect", "\(limits.unzippedBytes)", "\(limits.nodes)"], [WorkshopProgram.input: zip])
    }

    /// Makes the image of a function's code.
    /// - Returns: the bytes of the image.
    @discardableResult
    package func makeImage(
        ofZip zip: SharedDescriptor, limits: ZipLimits, in image: SharedDescriptor
    ) async throws(WorkshopError) -> Int {
        // Every node has at most one block that is not full, an inode and a name.
        let limit = limits.unzippedBytes + limits.nodes * (4096 + 512)
        return try await run(
            ["code", "\(limits.unzippedBytes)", "\(limits.nodes)", "\(limit)"],
            [WorkshopProgram.input: zip, WorkshopProgram.image: image], fileLimit: UInt64(limit))
    }

    /// Makes one image of several archives, each unpacked over those before it.
    /// - Parameter limits: of each archive, and together.
    /// - Returns: the bytes of the image.
    @discardableResult
    package func makeImage(
        ofLayers zips: [SharedDescriptor], limits: ZipLimits, in image: SharedDescriptor
    ) async throws(WorkshopError) -> Int {
        let limit = limits.unzippedBytes + limits.nodes * (4096 + 512)
        var descriptors = [WorkshopProgram.image: image]
        for (index, zip) in zips.enumerated() { descriptors[WorkshopProgram.descriptor(ofLayer: index)] = zip }
        return try await run(
            ["layers", "\(zips.count)", "\(limits.unzippedBytes)", "\(limits.nodes)", "\(limit)"], descriptors,
            fileLimit: UInt64(limit))
    }

    /// Makes the image of a tree of files that stands still.
    /// - Parameters:
    ///   - owner: whom all files belong to in the image.
    ///   - reader: who owns the files now, and the user namespace where that user exists; it reads them whatever their modes.
    ///     Nil: everybody may read them.
    /// - Returns: the bytes of the image.
    @discardableResult
    package func makeImage(
        ofTree tree: SharedDescriptor, owner: (user: UInt32, group: UInt32), reader: Jail.Reader?,
        in image: SharedDescriptor, limit: Int
    ) async throws(WorkshopError) -> Int {
        try await run(
            ["tree", "\(owner.user)", "\(owner.group)", "\(limit)"],
            [WorkshopProgram.input: tree, WorkshopProgram.image: image], fileLimit: UInt64(limit), reader: reader)
    }

    // MARK: - Child

    func run(
        _ arguments: [String], _ descriptors: [CInt: SharedDescriptor], fileLimit: UInt64 = smallFile,
        reader: Jail.Reader? = nil
    ) async throws(WorkshopError) -> Int {
        var plan = try plan(arguments, fileLimit: fileLimit, reader: reader)
        plan.descriptors = descriptors
        let child = WorkshopChild()
        return try await withTaskCancellationHandler { [plan] () async -> Result<Int, WorkshopError> in
            do throws(WorkshopError) { return .success(try await finish(plan, child)) } catch { return .failure(error) }
        } onCancel: {
            child.cancel()
        }.get()
    }

    private func finish(_ plan: SpawnPlan, _ child: WorkshopChild) async throws(WorkshopError) -> Int {
        try await gate.pass { () async throws(WorkshopError) -> Int in
            try await BlockingThread.run { () throws(WorkshopError) -> Int in
                let words = try attempt("make a file in memory") { () throws(Errno) in
                    try OwnedDescriptor.memoryFile(named: "thaw-workshop").shared()
                }
                var plan = plan
                plan.descriptors[STDOUT_FILENO] = words
                return try result(of: try child.run(plan, limit: limits.time), words)
            }
        }
    }

    private func plan(
        _ arguments: [String], fileLimit: UInt64, reader: Jail.Reader?
    ) throws(WorkshopError) -> SpawnPlan {
        let file: SharedDescriptor
        do { file = try OwnedDescriptor.open(program, .readOnly).shared() } catch {
            throw .missing("\(program) (\(error))", remedy: "reinstall Thaw")
        }
        var jail = Jail(mountPoint: "/mnt", user: Self.user, group: Self.user)
        jail.devices = ["/dev/null"]
        jail.limits = [
            .coreFileBytes: 0, .openFiles: 1024, .lockedMemoryBytes: 0, .fileBytes: max(fileLimit, Self.smallFile),
            .addressSpaceBytes: limits.memoryBytes, .processorSeconds: limits.processorSeconds,
        ]
        // Before the server and what it serves.
        jail.outOfMemoryScore = 900
        jail.filter = SystemCallAllowance.filesInHand.filter
        jail.reader = reader
        do {
            var plan = try jail.plan(running: "/thaw-workshop", arguments: ["thaw-workshop"] + arguments)
            plan.program = file
            return plan
        } catch {
            throw .broken("\(error)")
        }
    }

    private func result(of exit: ProcessExit?, _ words: SharedDescriptor) throws(WorkshopError) -> Int {
        guard let exit else { throw .tooSlow(seconds: Int(limits.time.components.seconds)) }
        let said = [UInt8](unsafeUninitializedCapacity: WorkshopReport.longest) { buffer, count in
            count = (try? words.descriptor.read(into: UnsafeMutableRawBufferPointer(buffer), at: 0)) ?? 0
        }
        switch (exit.reason, WorkshopReport(said)) {
        case (.exited(status: 0), .done(let bytes)): return bytes
        case (.exited(status: 1), .failed(let error)): throw error
        case (.killed(signal: SIGKILL, _), _) where exit.cpuTime >= .seconds(limits.processorSeconds - 1):
            throw .tooSlow(seconds: Int(limits.processorSeconds))
        default: throw .broken("\(exit.reason)")
        }
    }
}

/// The child of one piece of work. It dies with the thread that started it, which waits for it.
private final class WorkshopChild: Sendable {
    private enum State {
        case none
        case running(ChildProcess)
        case cancelled
    }

    private let state = Mutex(State.none)

    /// Runs it to its end and reaps it; nil when it was stopped at the limit. Blocks.
    func run(_ plan: SpawnPlan, limit: Duration) throws(WorkshopError) -> ProcessExit? {
        let child: ChildProcess
        do { child = try plan.spawn() } catch { throw .broken("\(error)") }
        let isCancelled = state.withLock { state in
            if case .cancelled = state { return true }
            state = .running(child)
            return false
        }
        if isCancelled { try? child.signal(SIGKILL) }
        let exit = try attempt("wait for a child") { () throws(Errno) in
            if let exit = try child.waitBlocking(atMost: limit) { return exit as ProcessExit? }
            try? child.signal(SIGKILL)
            _ = try child.waitBlocking()
            return nil
        }
        let wasCancelled = state.withLock { if case .cancelled = $0 { true } else { false } }
        if wasCancelled { throw .cancelled }
        return exit
    }

    func cancel() {
        let child = state.withLock { state -> ChildProcess? in
            defer { state = .cancelled }
            if case .running(let child) = state { return child }
            return nil
        }
        try? child?.signal(SIGKILL)
    }
}
