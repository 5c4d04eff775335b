import LinuxKit
import Logging
import Sandboxes
import Snapshots
import Synchronization
import SystemPackage

/// The template of one snapshot: started when it is first needed and again when it was lost.
final class Template: Sendable {
    private enum Life {
        case absent
        case starting(Task<Result<TemplateProcess, SandboxError>, Never>)
        case running(TemplateProcess)
        /// Dropped; whoever still holds it gets no more clones.
        case closed
    }

    let snapshot: StoredSnapshot
    let blueprint: Blueprint
    let hasFrozenScratch: Bool
    /// Clones of it that wait.
    let ready = ReadyClones()
    private let starter: TemplateStarter
    private let life = Mutex(Life.absent)
    private let loaded = Mutex<ProcessImage?>(nil)

    init(_ snapshot: StoredSnapshot, blueprint: Blueprint, starter: TemplateStarter) {
        self.snapshot = snapshot
        self.blueprint = blueprint
        self.starter = starter
        hasFrozenScratch = snapshot.manifest.files.contains { $0.name == Blueprint.File.scratch }
    }

    /// The running template, at once; nil when there is none.
    var running: TemplateProcess? {
        life.withLock { if case .running(let process) = $0 { process } else { nil } }
    }

    /// The running template, started if need be.
    func process() async throws(SandboxError) -> TemplateProcess {
        let task = life.withLock { life -> Task<Result<TemplateProcess, SandboxError>, Never>? in
            switch life {
            case .running(let process): return Task { .success(process) }
            case .starting(let task): return task
            case .closed: return nil
            case .absent:
                let task = Task { await self.start() }
                life = .starting(task)
                return task
            }
        }
        guard let task else { throw .host("the snapshot has been dropped") }
        return try await task.value.get()
    }

    /// The frozen process, checked when it is first asked for.
    func image() async throws(SandboxError) -> ProcessImage {
        if let known = loaded.withLock({ $0 }) { return known }
        let directory = snapshot.directory
        do throws(ImageError) {
            let image = try await BlockingThread.run { () throws(ImageError) in try ProcessImage.load(directory) }
            loaded.withLock { $0 = image }
            return image
        } catch {
            throw .snapshotUnusable("\(error)")
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
        case .starting(let task): _ = await task.value
        case .absent, .closed: break
        }
    }

    private func start() async -> Result<TemplateProcess, SandboxError> {
        let outcome: Result<TemplateProcess, SandboxError>
        do throws(SandboxError) { outcome = .success(try await launch()) } catch { outcome = .failure(error) }
        let isWanted = life.withLock { life in
            if case .closed = life { return false }
            life = if case .success(let process) = outcome { .running(process) } else { .absent }
            return true
        }
        if case .success(let process) = outcome, !isWanted {
            await process.end()
            return .failure(.host("the snapshot has been dropped"))
        }
        // It may have ended before it was known to run.
        if case .success(let process) = outcome, process.isLost { forget(process) }
        return outcome
    }

    private func launch() async throws(SandboxError) -> TemplateProcess {
        let (blueprint, roots) = (blueprint, starter.roots)
        let scratch = hasFrozenScratch ? snapshot.path(Blueprint.File.scratch) : nil
        let image = try await image()
        let root = try await BlockingThread.run { () throws(SandboxError) in
            try roots.rootForTemplate(base: blueprint.root, code: blueprint.code, scratch: scratch)
        }
        return try await starter.start(image, root: root) { [weak self] lost in self?.forget(lost) }
    }

    /// The next clone finds that there is no template, and starts one.
    private func forget(_ lost: TemplateProcess) {
        let wasRunning = life.withLock { life in
            guard case .running(let process) = life, process === lost else { return false }
            life = .absent
            return true
        }
        guard wasRunning else { return }
        starter.logger.warning("a template was lost", metadata: ["snapshot": "\(snapshot.id)"])
        Task { await lost.end() }
    }
}
