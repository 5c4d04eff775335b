import GuestProtocol
import LinuxKit
import Logging
import Sandboxes
import SlotNetwork
import Snapshots
import SystemPackage
import Workshop

/// Sandboxes that are processes in namespaces of their own, cloned by forking a frozen template.
package final class ProcessEngine: SandboxEngine {
    package let isolation = IsolationLevel.process

    let host: SnapshotRequirements
    package let cells: CellPool
    let templates: Templates
    let roots: SandboxRoots
    let workshop: Workshop
    let spawner: Spawner
    package let loop: EngineLoop
    let logger: Logger
    let hosted = HostedRuntimes()
    /// Nil when they are switched off.
    let seeds: SeedStore?
    let cgroups: EngineCgroups

    /// What of an engine can be chosen.
    package struct Options: Sendable {
        /// Cells that wait for the next sandboxes. Each takes a slot.
        package var readyCells = 8
        /// What all templates may have in memory, in bytes; nil: a third of what this server may have.
        package var templateBytes: UInt64?
        /// Who its sandboxes are.
        package var users = SandboxUsers.standard

        package init() {}
    }

    /// What was installed with the engine.
    package struct Programs: Sendable {
        /// Of Sources/Restorer.
        package var restorer: FilePath
        /// Of Sources/ThawWorkshop.
        package var workshop: FilePath

        package init(restorer: FilePath, workshop: FilePath) {
            self.restorer = restorer
            self.workshop = workshop
        }
    }

    /// - Parameters:
    ///   - directory: made if missing; on the file system of the snapshots.
    ///   - instance: tells this server's cgroups from those of another one on the host; letters and digits.
    ///   - seeds: where runtimes are kept that were booted beforehand, for functions to start from; nil: none are.
    ///   - findings: what ``findings(directory:programs:user:)`` has found; nil: it is asked here.
    package static func make(
        directory: FilePath, instance: String, slots: any SlotNetwork, programs: Programs,
        seeds: (any SnapshotRepository)? = nil, findings: [HostFinding]? = nil, options: Options = Options(),
        logger: Logger
    ) async throws(SandboxError) -> ProcessEngine {
        try await BlockingThread.run { () throws(SandboxError) in
            try hostCall("make \(directory)") {
                try Directory.create(directory, existingIsFine: true)
            }
        }
        let found =
            if let findings { findings } else {
                await Self.findings(directory: directory, programs: programs, user: options.users.inSlot(0))
            }
        for finding in found {
            let advice = finding.remedy.map { ": \($0)" } ?? ""
            switch finding.status {
            case .good: break
            case .warning: logger.warning("\(finding.name): \(finding.found)\(advice)")
            case .failed: throw .host("\(finding.name): \(finding.found)\(advice)")
            }
        }
        return try await BlockingThread.run { () throws(SandboxError) in
            try ProcessEngine(directory, instance, slots, programs, seeds, options, logger)
        }
    }

    /// What this engine needs of a host, tried with its own parts: images, cgroups, a sandbox, its freeze, a clone. Nothing is left
    /// of it, and it takes less than 0.2 s where all is well.
    /// - Parameters:
    ///   - directory: where an engine is or would be: any on the file system of the snapshots.
    ///   - user: who the sandbox is.
    package static func findings(
        directory: FilePath, programs: Programs, user: SandboxUser = SandboxUsers.standard.inSlot(0)
    ) async -> [HostFinding] {
        await ProcessHostProbe(directory: directory, programs: programs, user: user).run()
    }

    private init(
        _ directory: FilePath, _ instance: String, _ slots: any SlotNetwork, _ programs: Programs,
        _ seeds: (any SnapshotRepository)?, _ options: Options, _ logger: Logger
    ) throws(SandboxError) {
        // A sandbox takes about ten.
        _ = try hostCall("raise the limit of open files") { try OpenFileLimit.raise() }
        let restorer = try Restorer(at: programs.restorer)
        let cgroups = try hostCall { try EngineCgroups(instance: instance) }
        let owner = options.users.fileOwner
        let roots = try SandboxRoots(
            mountPoint: directory.appending("root"), owner: owner,
            mapping: try Identity.namespaceOfFiles(owner, restorer))
        let (spawner, loop) = try hostCall("start a thread") { (try Spawner(), try EngineLoop()) }
        let host = SnapshotRequirements(restorer: restorer)
        let cells = CellPool(
            builder: try CellBuilder(
                parts: Cell.Parts(
                    slots: slots, cgroups: cgroups, memory: MemoryGuard(cgroups.version, on: loop, logger: logger)),
                restorer: restorer, users: options.users),
            count: options.readyCells, logger: logger)
        self.host = host
        self.cgroups = cgroups
        self.roots = roots
        workshop = Workshop(program: programs.workshop)
        self.spawner = spawner
        self.loop = loop
        self.logger = logger
        self.cells = cells
        let templates = Templates(
            starter: TemplateStarter(
                restorer: restorer, roots: roots, cgroups: cgroups, spawner: spawner, loop: loop, logger: logger),
            host: host, budget: options.templateBytes ?? Self.standardTemplateBytes,
            endClone: { await cells.end($0.cell) })
        self.templates = templates
        self.seeds = seeds.map { SeedStore($0, host: host, logger: logger) { await templates.forget($0) } }
    }

    private static var standardTemplateBytes: UInt64 {
        // Where nothing is known of the host, few are enough to work with.
        let memory = try? HostMemory.now(within: CgroupMemoryBound.all())
        return (memory?.total ?? 3 << 30) / 3
    }

    package func sweep() async throws(SandboxError) {
        try await Self.sweep(cgroups)
        cells.prepareInBackground()
    }

    /// The same where no engine has been made. Processes die with their server.
    package static func sweep(instance: String) async throws(SandboxError) {
        let cgroups = try hostCall { try EngineCgroups(instance: instance) }
        try await sweep(cgroups)
    }

    private static func sweep(_ cgroups: EngineCgroups) async throws(SandboxError) {
        try await hostCall {
            try await BlockingThread.run { () throws(CgroupError) in try cgroups.sweep() }
        }
    }

    /// Builds the cells that wait; until then the first sandboxes build their own.
    package func prepare() async { await cells.prepare() }

    package func shutdown() async {
        // Who still waits for one hears that it was ended, not that its function was.
        hosted.endAll(.destroyed)
        await seeds?.close()
        await templates.close()
        await cells.close()
        await loop.shutdown()
        let cgroups = cgroups
        await BlockingThread.run {
            // The templates' own, and what could not be removed when its sandbox ended.
            try? cgroups.sweep()
            cgroups.removeParents()
        }
    }

    /// Ends what is left of a sandbox; `error` is what callers that still wait for it get.
    func end(_ cell: Cell, _ runtime: HostedRuntime, error: SandboxError = .destroyed) async {
        hosted.remove(runtime)
        runtime.end(error)
        await cells.end(cell)
    }

    func end(_ clone: Clone) async { await end(clone.cell, clone.runtime) }
}
