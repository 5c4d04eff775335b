import Glibc
import LinuxKit
import Sandboxes
import Synchronization
import SystemPackage
import Workshop

extension ProcessHostProbe {
    /// One sandbox that does nothing, from its image to its clone, each step with what the one before has left.
    ///
    /// What runs in it is the restorer as process 1 of others: it sleeps.
    final class Trial: Sendable {
        static let scratchBytes: UInt64 = 1 << 20
        private static let limits = CellLimits(memoryMegabytes: 64, scratchBytes: scratchBytes)
        private static let programName: FilePath = "restorer"

        struct State {
            var mount: ImageMount?
            var cgroup: Cgroup?
            var processes: [ChildProcess] = []
            var template: TemplateProcess?
        }

        let restorer: Restorer
        let roots: SandboxRoots
        let cgroups: EngineCgroups
        let spawner: Spawner
        let loop: EngineLoop
        /// What sandboxes run from: a file without a name.
        let image: FilePath
        /// Where the frozen process is written: in memory.
        let frozen: DetachedMount
        let state = Mutex(State())
        private let imageFile: SharedDescriptor
        private let program: FilePath
        private let workshop: Workshop

        init(directory: FilePath, programs: ProcessEngine.Programs, owner: FileOwner) async throws(Fault) {
            program = programs.restorer
            workshop = Workshop(program: programs.workshop)
            let restorer = try await probing("restorer", remedy: "reinstall Thaw") { () throws(SandboxError) in
                try Restorer(at: programs.restorer)
            }
            self.restorer = restorer
            (roots, cgroups) = try await probing("mounts") { () throws(SandboxError) in
                let cgroups = try hostCall { try EngineCgroups.ofProbe() }
                // Any directory is a place to mount on, for those who have mounts of their own.
                let mapping = try Identity.namespaceOfFiles(owner, restorer)
                return (try SandboxRoots(mountPoint: directory, owner: owner, mapping: mapping), cgroups)
            }
            (spawner, loop) = try await probing("threads") { () throws(SandboxError) in
                try hostCall("start a thread") { (try Spawner(), try EngineLoop()) }
            }
            let file = try await probing("image files", remedy: "free space, or choose another --state-dir") {
                () throws(SandboxError) in
                try hostCall("make a file in \(directory)") {
                    try OwnedDescriptor.openTemporary(in: directory).shared()
                }
            }
            imageFile = file
            image = FilePath("/proc/self/fd/\(file.withRaw { $0 })")
            frozen = try await probing("mounts") { () throws(SandboxError) in try Self.memory(mode: "0700") }
        }

        private static func memory(mode: String) throws(SandboxError) -> DetachedMount {
            try hostCall { try DetachedMount.make("tmpfs", options: ["mode": mode]) }
        }

        // MARK: - Image

        func mountImage() async throws(Fault) -> HostFinding {
            let name = "image files"
            try await probing(name) { () throws(SandboxError) in
                try await ScratchImageMaker(workshop: workshop)
                    .make(of: try files(), in: imageFile, scratchBytes: Self.scratchBytes)
            }
            let remedy = "modprobe erofs and modprobe loop; in a container, on its host, and run it privileged"
            let mount = try await probing(name, remedy: remedy) { () throws(SandboxError) in
                try await BlockingThread.run { [roots, image] () throws(SandboxError) in
                    try roots.imageMount(image)
                }
            }
            state.withLock { $0.mount = mount }
            return .good(
                name, "erofs images are mounted \(mount.isThroughLoop ? "through loop devices" : "from the file")")
        }

        /// What a base image has, with one program in it.
        private func files() throws(SandboxError) -> DetachedMount {
            let tree = try Self.memory(mode: "0755")
            try hostCall("make a tree of files") {
                let permissions = FilePermissions(rawValue: 0o755)
                let top = tree.descriptor
                for directory: FilePath in ["dev", "proc", "tmp", "var", "var/task"] {
                    try top.descriptor.makeDirectory(directory, permissions: permissions)
                }
                let copy = try top.descriptor.open(
                    at: Self.programName, .writeOnly, options: [.create, .exclusiveCreate], permissions: permissions)
                try copy.writeAll(try SmallFile.bytes(program, limit: 1 << 24))
                try copy.setPermissions(permissions)
            }
            return tree
        }

        // MARK: - Sandbox

        /// A cell's process 1, without a slot, and a process confined beside it.
        func startSandbox(
            as user: SandboxUser
        ) async throws(Fault) -> (finding: HostFinding, holder: ChildProcess, subject: ChildProcess) {
            let name = "sandboxes"
            let cgroup = try await probing(name) { () throws(SandboxError) in
                try hostCall { try cgroups.create(SandboxID.random(), limits: Self.limits) }
            }
            state.withLock { $0.cgroup = cgroup }
            var plan = CellBuilder.holderPlan(restorer, cgroup, user)
            plan.namespaces.insert(.network)
            let holder = try await spawn(plan, for: name)
            let subjectPlan = try await probing(name) { () throws(SandboxError) in
                try Identity.map(user, in: holder)
                let holder = try hostCall("reach a cell") { try holder.pidfd }
                return try await BlockingThread.run { [self] () throws(SandboxError) in
                    try self.subjectPlan(in: holder, cgroup)
                }
            }
            let subject = try await spawn(subjectPlan, for: name)
            return (.good(name, "a process is confined in one, without rights, behind the filter"), holder, subject)
        }

        private func subjectPlan(in holder: SharedDescriptor, _ cgroup: Cgroup) throws(SandboxError) -> SpawnPlan {
            let root = try roots.rootForBooting(base: image, code: nil, scratchBytes: Self.scratchBytes)
            let executable = FilePath("/").pushing(Self.programName)
            var plan = SpawnPlan(executable: executable, arguments: ["\(Self.programName)", "init"])
            plan.namespaces = [.mount]
            plan.birthplace = Birthplace(processes: holder)
            plan.cgroup = cgroup
            plan.steps = RuntimePlan.steps(in: holder, root: try roots.steps(for: root), workingDirectory: "/")
            return plan
        }

        private func spawn(_ plan: SpawnPlan, for name: String) async throws(Fault) -> ChildProcess {
            do {
                let process = try await spawner.spawn(plan)
                state.withLock { $0.processes.append(process) }
                return process
            } catch {
                // What clone(2) says when a sysctl of namespaces(7) is reached.
                throw Fault(name, error, remedies: [.noSpace: "raise user.max_user_namespaces"])
            }
        }
    }
}
