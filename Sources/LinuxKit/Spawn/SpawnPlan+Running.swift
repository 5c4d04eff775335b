internal import Basics
internal import CLinux
import Glibc
internal import SystemPackage

extension SpawnPlan {
    /// Starts the program; returns once execve succeeded. Blocks for that long: 1 to 5 ms with new namespaces.
    ///
    /// The calling thread is the parent that ``SpawnStep/parentDeathSignal(_:)`` watches: a server goes through a
    /// ``Spawner``, a single-threaded supervisor may call this.
    package func spawn() throws(SpawnError) -> ChildProcess {
        let arena = SpawnArena()
        let entrance = try openEntrance()
        let given = try descriptorsWithDefaults()

        var lowered: [clinux_step] = []
        var stages: [SpawnError.Stage] = []
        let birthplaceInCgroups = entrance?.birthplace?.withRaw { $0 } ?? -1
        // 0 is "the writer": the child moves itself before it does anything else.
        for file in entrance?.files ?? [] {
            lowered.append(arena.step(CLINUX_STEP_WRITE, number: file.descriptor.withRaw { $0 }, source: "0"))
            stages.append(.preparation(of: file.path))
        }
        // Before limits, which could forbid the copies, but after the steps that use a descriptor of ours.
        let beforeDescriptors = (steps.lastIndex(where: \.usesDescriptor) ?? -1) + 1
        let map = arena.step(
            CLINUX_STEP_DESCRIPTORS,
            integers: given.sorted { $0.key < $1.key }.flatMap { [$0.value.withRaw { $0 }, $0.key] })
        lowered += steps[..<beforeDescriptors].map { $0.lowered(in: arena) } + [map]
        lowered += steps[beforeDescriptors...].map { $0.lowered(in: arena) }
        stages += steps[..<beforeDescriptors].map { .step($0) } + [.descriptors]
        stages += steps[beforeDescriptors...].map { .step($0) } + [.execution]
        stages += alternatives.map { _ in .execution } + [.search]
        let firstAlternative = lowered.count + 1

        var result = clinux_spawn_result()
        let outcome = lowered.withUnsafeBufferPointer { steps in
            var plan = clinux_spawn_plan(
                namespaces: UInt64(namespaces.rawValue), cgroup: birthplaceInCgroups,
                network: birthplace.network?.withRaw { $0 } ?? -1,
                processes: birthplace.processes?.withRaw { $0 } ?? -1, owner: owner.map { Int64($0) } ?? -1,
                steps: steps.baseAddress, steps_count: steps.count,
                executable: UnsafePointer(arena.string(executable.string)),
                alternatives: alternatives.isEmpty ? nil : UnsafePointer(arena.strings(alternatives.map(\.string))),
                program: program?.withRaw { $0 } ?? -1, arguments: arena.strings(arguments),
                environment: arena.strings(environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }))
            return clinux_spawn(&plan, &result)
        }
        // The numbers inside `lowered` are good only while their owners live.
        withExtendedLifetime((self, given, entrance)) {}
        guard outcome == 0 else {
            let index = Int(result.failed_step)
            let alternative = index - firstAlternative
            throw SpawnError(
                executable: alternatives.indices.contains(alternative) ? alternatives[alternative] : executable,
                stage: stages.indices.contains(index) ? stages[index] : .clone,
                errno: Errno(rawValue: result.error))
        }
        return ChildProcess(pid: result.pid, pidfd: OwnedDescriptor(adopting: result.pidfd).shared())
    }

    private func openEntrance() throws(SpawnError) -> CgroupEntrance? {
        return try rethrowing(try cgroup?.openEntrance()) { (error: CgroupError) in
            SpawnError(
                executable: executable, stage: .preparation(of: error.path), errno: error.errno ?? .invalidArgument)
        }
    }

    private func descriptorsWithDefaults() throws(SpawnError) -> [CInt: SharedDescriptor] {
        var given = descriptors
        let missing = (0...2).filter { given[$0] == nil }
        guard !missing.isEmpty else { return given }
        let null = try open("/dev/null") { path throws(Errno) in try OwnedDescriptor.open(path, .readWrite) }
        for number in missing { given[number] = null }
        return given
    }

    private func open(
        _ path: FilePath, _ opening: (FilePath) throws(Errno) -> OwnedDescriptor
    ) throws(SpawnError) -> SharedDescriptor {
        return try rethrowing(try opening(path).shared()) {
            SpawnError(executable: executable, stage: .preparation(of: path), errno: $0)
        }
    }
}
