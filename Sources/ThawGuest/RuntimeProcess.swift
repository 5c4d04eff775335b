import Glibc
import GuestProtocol
import LinuxKit
import SystemPackage

/// The runtime: its process, its output, and how much memory it has used.
final class RuntimeProcess {
    let pid: CInt
    let standardOutput: OutputPipe
    let standardError: OutputPipe
    private let child: ChildProcess

    /// Starts the program in a session of its own, unprivileged, with AWS's limits.
    init(_ initialization: Initialization, runtimeAPIPort: UInt16, confined: Bool) throws(GuestError) {
        let programs = initialization.programs.map { FilePath($0) }
        var plan = SpawnPlan(executable: programs[0], arguments: initialization.arguments)
        plan.alternatives = Array(programs.dropFirst())
        for variable in initialization.environment { plan.environment[variable.name] = variable.value }
        plan.environment["AWS_LAMBDA_RUNTIME_API"] =
            "\(confined ? RuntimeAPIAddress.host : "127.0.0.1"):\(runtimeAPIPort)"
        plan.steps = [.newSession, .fileModeMask([.groupWrite, .otherWrite])]
        if confined {
            plan.steps += [
                .limit(.openFiles, RuntimeLimit.openFiles), .limit(.processes, RuntimeLimit.processes),
                .limit(.lockedMemoryBytes, RuntimeLimit.lockedMemoryBytes),
                .limit(.coreFileBytes, RuntimeLimit.coreFileBytes), .dropBoundingSet,
                .identity(user: RuntimeUser.user, group: RuntimeUser.group, supplementary: []),
            ]
        }
        plan.steps += [.noNewPrivileges, .changeDirectory(FilePath(initialization.workingDirectory))]
        let output = try Self.pipe(.standardOutput)
        let errors = try Self.pipe(.standardError)
        plan.descriptors = [1: output.writer, 2: errors.writer]
        if let number = initialization.recordsDescriptor { plan.descriptors[number] = output.writer }
        child = try GuestError.wrap(spawning: plan)
        pid = child.pid
        standardOutput = output.reader
        standardError = errors.reader
    }

    private static func pipe(
        _ stream: Output.Stream
    ) throws(GuestError) -> (reader: OutputPipe, writer: SharedDescriptor) {
        try GuestError.wrap("making a pipe for the runtime's output") { () throws(Errno) in
            try OwnedDescriptor.pipe().take { reader, writer throws(Errno) in
                // Only this end: the runtime expects its standard output to wait when it is full.
                try reader.setNonblocking()
                return (OutputPipe(reader, stream: stream), writer.shared())
            }
        }
    }

    func signal(_ signal: CInt) { try? child.signal(signal) }

    /// The sum of the peaks of the runtime's process and those of its children that live.
    func maximumMemoryBytes() -> UInt64 {
        var pending = [pid]
        var total: UInt64 = 0
        while let next = pending.popLast(), total < 1 << 50 {
            total += (ProcFile.number(after: "VmHWM:", in: FilePath("/proc/\(next)/status")) ?? 0) * 1024
            pending += ProcFile.numbers(in: FilePath("/proc/\(next)/task/\(next)/children")).map(CInt.init(clamping:))
        }
        return total
    }
}
