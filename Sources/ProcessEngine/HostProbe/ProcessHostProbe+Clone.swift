import Basics
import Glibc
import LinuxKit
import Logging
import ProcessImages
import Sandboxes
import Synchronization
import SystemPackage

extension ProcessHostProbe.Trial {
    /// For what takes some milliseconds.
    private static let patience = Duration.seconds(5)

    private var directory: FilePath { FilePath("/proc/self/fd/\(frozen.descriptor.withRaw { $0 })") }

    // MARK: - Freeze

    /// Ends the subject: its process id is free for the clone then.
    func freeze(_ subject: ChildProcess, beside holder: ChildProcess) async throws(ProcessHostProbe.Fault)
        -> HostFinding
    {
        let directory = directory
        let (pid, initPID) = (subject.pid, holder.pid)
        do {
            _ = try await BlockingThread.run { () throws(FreezeError) in
                ProcessFreezer.settle(pid)
                let target = FreezeTarget(
                    pid: pid, initPID: initPID, standardOutput: 0, standardError: 0, runtimeAPIPort: nil,
                    namespace: try Self.network(of: pid))
                return try ProcessFreezer.freeze(target, into: directory)
            }
        } catch {
            throw ProcessHostProbe.Fault(name: "freezing", found: "\(error)", remedy: Self.tracingRemedy)
        }
        await subject.end()
        let way = FreezeMeans.host.pages == .scan ? "page scan" : "page table; Linux 6.7 has a faster way"
        return .good("freezing", "a process is stopped and read, its written pages by \(way)")
    }

    private static func network(of pid: CInt) throws(FreezeError) -> SharedDescriptor {
        do {
            // By a module of its own in many kernels.
            _ = try UnixSockets.all()
            return try OwnedDescriptor.open(FilePath("/proc/\(pid)/ns/net"), .readOnly).shared()
        } catch {
            throw .failed("cannot look at sockets: \(error)")
        }
    }

    private static var tracingRemedy: String {
        let scope = try? SmallFile.text("/proc/sys/kernel/yama/ptrace_scope")
        return scope?.hasPrefix("3") == true
            ? "set kernel.yama.ptrace_scope to 2 or less in /etc/sysctl.d and boot" : ProcessHostProbe.Fault.privileges
    }

    // MARK: - Clone

    func clone(in holder: ChildProcess) async throws(ProcessHostProbe.Fault) -> HostFinding {
        let name = "clones"
        let template = try await probing(name) { () throws(SandboxError) in try await startTemplate() }
        state.withLock { $0.template = template }
        let (control, theirs) = try await probing(name) { () throws(SandboxError) in try ControlChannel.make() }
        let request = try await probing(name) { () throws(SandboxError) in try self.request(theirs, in: holder) }
        let outcome = await withCheckedContinuation { answer in
            template.clone(request, by: Deadline(in: Self.patience * 2)) { answer.resume(returning: $0) }
        }
        switch outcome {
        case .made(let clone): state.withLock { $0.processes.append(clone) }
        case .failed(let failure): throw ProcessHostProbe.Fault(name, failure)
        case .templateLost:
            throw ProcessHostProbe.Fault(
                name: name, found: "the template has ended or does not answer", remedy: "see dmesg")
        }
        switch await Self.word(on: control) {
        case .parked: return .good(name, "are forked from a template, with the ids that were frozen")
        case .failed(let failure): throw ProcessHostProbe.Fault(name, failure)
        case .closed, nil:
            throw ProcessHostProbe.Fault(name: name, found: "one was not complete in time", remedy: "see dmesg")
        }
    }

    private func startTemplate() async throws(SandboxError) -> TemplateProcess {
        let starter = TemplateStarter(
            restorer: restorer, roots: roots, cgroups: cgroups, spawner: spawner, loop: loop,
            logger: Logger(label: "probe"))
        let (directory, base, roots) = (directory, image, roots)
        let (frozen, root) = try await BlockingThread.run { () throws(SandboxError) in
            let frozen = try hostCall { try ProcessImage.load(directory) }
            // What is at /tmp makes the clone mount an overlay there.
            return (frozen, try roots.rootForTemplate(base: base, code: nil, scratch: base))
        }
        return try await starter.start(frozen, root: root, birth: TemplateBirth(), onLoss: { _ in })
    }

    private func request(_ control: SharedDescriptor, in holder: ChildProcess) throws(SandboxError) -> CloneRequest {
        guard let cgroup = state.withLock({ $0.cgroup }) else { throw .host("there is no cell to make a clone in") }
        let entrance = try hostCall { try cgroup.openEntrance() }
        let (pidfd, null) = try hostCall("reach a cell") {
            (try holder.pidfd, try OwnedDescriptor.open("/dev/null", .readWrite).shared())
        }
        return CloneRequest(
            control: control, holder: pidfd,
            process: RuntimeEndpoint.ProcessSide(connection: null, standardOutput: null, standardError: null),
            entrance: entrance, scratchBytes: Self.scratchBytes, hasFrozenScratch: true, isAhead: false)
    }

    private static func word(on control: ControlChannel) async -> ControlChannel.Message? {
        await BlockingThread.run {
            _ = try? control.ours.descriptor.wait(for: .readable, atMost: patience)
            return control.receive()
        }
    }

    // MARK: - End

    func end() async {
        let (processes, template) = state.withLock { ($0.processes, $0.template) }
        await template?.end()
        // Process 1 is the first of them, and with it all the others end; it is gone when they have been buried.
        for process in processes { try? process.signal(SIGKILL) }
        for process in processes.reversed() { _ = try? await process.wait(atMost: Self.patience) }
        await loop.shutdown()
        let cgroups = cgroups
        await BlockingThread.run {
            try? cgroups.sweep()
            cgroups.removeParents()
        }
    }
}

extension ProcessHostProbe.Fault {
    fileprivate init(_ name: String, _ failure: RestorerFailure) {
        self.init(name: name, found: "\(failure)", remedy: failure.remedy)
    }
}
