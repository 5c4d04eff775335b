import Basics
import LinuxKit
import Logging
import ProcessImages
import Sandboxes
import Snapshots
import Synchronization
import SystemPackage

/// The template of one snapshot: started when it is first needed and again when it was lost.
final class Template: Sendable {
    private enum Life {
        case absent
        case starting(Task<Result<TemplateProcess, SandboxError>, Never>, TemplateBirth)
        case running(TemplateProcess)
        /// Nobody has a lease of it, or the server stops.
        case closed
    }

    let snapshot: SnapshotLease
    let number: TemplateLedger.Number
    let blueprint: ProcessBlueprint
    let hasFrozenScratch: Bool
    /// Clones of it that wait.
    let parked = ParkedClones()
    private static let trialNanoseconds: UInt64 = 1_000_000_000

    private let starter: TemplateStarter
    private let note: @Sendable (UInt64) -> Void
    private let life = Mutex(Life.absent)
    private let loaded = Mutex<ProcessImage?>(nil)
    private let learning = Mutex(Learning.open)

    /// What is known of the pages that clones make their own.
    private enum Learning {
        case open
        case underway
        case known(WorkingSet)
    }

    /// - Parameters:
    ///   - number: by which ``Templates`` knows it.
    ///   - note: hears of what it has in memory, in bytes, before that is taken and when it is given back.
    init(
        _ snapshot: SnapshotLease, number: TemplateLedger.Number, blueprint: ProcessBlueprint, starter: TemplateStarter,
        note: @escaping @Sendable (UInt64) -> Void
    ) {
        self.snapshot = snapshot
        self.number = number
        self.blueprint = blueprint
        self.starter = starter
        self.note = note
        hasFrozenScratch = snapshot.manifest.files.contains { $0.name == ProcessBlueprint.File.scratch }
    }

    /// The running template, at once; nil when there is none.
    var running: TemplateProcess? {
        life.withLock { if case .running(let process) = $0 { process } else { nil } }
    }

    /// The running template, started if need be; one that takes longer is there for the next who asks.
    func process(by deadline: Deadline) async throws(SandboxError) -> TemplateProcess {
        let first = Outcome<Result<TemplateProcess, SandboxError>>()
        Task {
            do throws(SandboxError) {
                first.settle(.success(try await process()))
            } catch {
                first.settle(.failure(error))
            }
        }
        guard let outcome = await first.wait(by: deadline) else { throw .timedOut(.restore, limit: deadline.limit) }
        return try outcome.get()
    }

    /// The running template, started if need be.
    func process() async throws(SandboxError) -> TemplateProcess {
        let task = life.withLock { life -> Task<Result<TemplateProcess, SandboxError>, Never>? in
            switch life {
            case .running(let process): return Task { .success(process) }
            case .starting(let task, _): return task
            case .closed: return nil
            case .absent:
                let birth = TemplateBirth()
                let task = Task { await self.start(birth) }
                life = .starting(task, birth)
                return task
            }
        }
        guard let task else { throw .shuttingDown }
        return try await task.value.get()
    }

    /// The frozen process, checked when it is first asked for.
    func image() async throws(SandboxError) -> ProcessImage {
        if let known = loaded.withLock({ $0 }) { return known }
        let directory = snapshot.directory
        let image = try await BlockingThread.run { () throws(SandboxError) in
            try wrapping(.snapshotUnusable) { try ProcessImage.load(directory) }
        }
        loaded.withLock { $0 = image }
        return image
    }

    /// Has later clones begin with the pages that this one, which has answered for the first time, had to copy. Does something
    /// once.
    func learn(from clone: ChildProcess) {
        let isFirst = learning.withLock { learning in
            guard case .open = learning else { return false }
            learning = .underway
            return true
        }
        guard isFirst else { return }
        let pid = clone.pid
        Task {
            guard let set = try? await BlockingThread.run({ () throws(Errno) in try WorkingSet(of: pid) }) else {
                learning.withLock { $0 = .open }
                return
            }
            learning.withLock { $0 = .known(set) }
            running?.prefault(set.ranges)
        }
    }

    /// Ends it and waits until it is gone; its clones live on.
    func close() async {
        let before = life.withLock { life in
            defer { life = .closed }
            return life
        }
        switch before {
        case .running(let process): await process.end()
        case .starting(let task, let birth):
            birth.cancel()
            _ = await task.value
        case .absent, .closed: break
        }
    }

    private func start(_ birth: TemplateBirth) async -> Result<TemplateProcess, SandboxError> {
        let outcome: Result<TemplateProcess, SandboxError>
        do { outcome = .success(try await launch(birth)) } catch { outcome = .failure(error) }
        let isWanted = life.withLock { life in
            if case .closed = life { return false }
            life = if case .success(let process) = outcome { .running(process) } else { .absent }
            return true
        }
        guard case .success(let process) = outcome else {
            note(0)
            return outcome
        }
        guard isWanted else {
            await process.end()
            return .failure(.shuttingDown)
        }
        if let bytes = process.bytes { note(bytes) }
        if case .known(let set) = learning.withLock({ $0 }) { process.prefault(set.ranges) }
        // It may have ended before it was known to run.
        if process.isLost { forget(process) }
        return outcome
    }

    private func launch(_ birth: TemplateBirth) async throws(SandboxError) -> TemplateProcess {
        let (blueprint, roots) = (blueprint, starter.roots)
        let scratch = hasFrozenScratch ? snapshot.path(ProcessBlueprint.File.scratch) : nil
        let image = try await image()
        // Others that nobody uses make room first.
        note(image.contentBytes)
        let root = try await BlockingThread.run { () throws(SandboxError) in
            try roots.rootForTemplate(
                base: blueprint.root, code: blueprint.code, layers: blueprint.layers, scratch: scratch)
        }
        return try await starter.start(image, root: root, birth: birth) { [weak self] lost in self?.forget(lost) }
    }

    /// Starts another one: clones are wanted still, or it would have been dropped. One that did not even live for a moment is
    /// left to the next who needs it.
    private func forget(_ lost: TemplateProcess) {
        let wasRunning = life.withLock { life in
            guard case .running(let process) = life, process === lost else { return false }
            life = .absent
            return true
        }
        guard wasRunning else { return }
        note(0)
        let reason = lost.lastWords?.description ?? "it ended without a word"
        starter.logger.warning("a template was lost", metadata: ["snapshot": "\(snapshot.id)", "reason": "\(reason)"])
        let isSound = MonotonicClock.now() - lost.started > Self.trialNanoseconds
        Task {
            if isSound { _ = try? await process() }
        }
        Task { await lost.end() }
    }
}
