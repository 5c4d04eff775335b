import GuestProtocol
import LinuxKit
import Sandboxes
import SystemPackage

/// How a runtime is started in its cell: as its clones will run, so that a frozen one finds nothing changed.
struct RuntimePlan {
    let initialization: Initialization
    /// The cell's process 1, whose namespaces it enters.
    let holder: SharedDescriptor
    let cgroup: Cgroup
    let output: RuntimeEndpoint.ProcessSide
    /// Steps that give it its root.
    let root: [SpawnStep]

    var spawnPlan: SpawnPlan {
        let programs = initialization.programs.map { FilePath($0) }
        var plan = SpawnPlan(executable: programs[0], arguments: initialization.arguments)
        plan.alternatives = Array(programs.dropFirst())
        for variable in initialization.environment { plan.environment[variable.name] = variable.value }
        plan.environment["AWS_LAMBDA_RUNTIME_API"] = "\(RuntimeAPIAddress.host):\(RuntimeEndpoint.port)"
        plan.namespaces = [.mount]
        plan.birthplace = Birthplace(processes: holder)
        plan.cgroup = cgroup
        plan.descriptors = [1: output.standardOutput, 2: output.standardError]
        if let number = initialization.recordsDescriptor { plan.descriptors[number] = output.standardOutput }
        plan.steps = Self.steps(
            in: holder, root: root, workingDirectory: FilePath(initialization.workingDirectory))
        return plan
    }

    /// Limits as on AWS. The identity exists only in the cell's user namespace; what a process may do there when it has entered,
    /// it gives away again.
    static func steps(
        in holder: SharedDescriptor, root: [SpawnStep], workingDirectory: FilePath
    ) -> [SpawnStep] {
        [.outOfMemoryScore(KillOrder.sandbox.rawValue), .enterNamespace(holder, [.network, .ipc, .hostName])] + root + [
            .newSession, .fileModeMask([.groupWrite, .otherWrite]),
            .limit(.pendingSignals, min(4096, ProcessLimit.pendingSignals.own)),
            .limit(.messageQueueBytes, min(819_200, ProcessLimit.messageQueueBytes.own)),
            .enterNamespace(holder, .users),
            // From here on nothing is the engine's any more, which may have far more files open.
            .limit(.openFiles, RuntimeLimit.openFiles), .limit(.processes, RuntimeLimit.processes),
            .limit(.lockedMemoryBytes, RuntimeLimit.lockedMemoryBytes),
            .limit(.coreFileBytes, min(RuntimeLimit.coreFileBytes, ProcessLimit.coreFileBytes.own)), .dropBoundingSet,
            .identity(user: RuntimeUser.user, group: RuntimeUser.group, supplementary: []),
            .clearCapabilities,
            .noNewPrivileges, .changeDirectory(workingDirectory),
            .systemCallFilter(SystemCallFilter.bytes),
        ]
    }
}
