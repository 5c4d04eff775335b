import Glibc
import LinuxKit
import SystemPackage

/// Starts a plan from one long-lived thread, as a server does.
let spawner = Result { () throws(Errno) in try Spawner() }

struct Ran {
    let output: String
    let exit: ProcessExit
    var status: CInt? { if case .exited(let status) = exit.reason { status } else { nil } }
    /// The lines, without empty ones.
    var lines: [String] { output.split(separator: "\n").map(String.init) }
}

struct StillRunning: Error {}

/// Runs the plan to its end with standard output and error in one string.
func run(_ plan: SpawnPlan) async throws -> Ran {
    var plan = plan
    let output = try OwnedDescriptor.memoryFile(named: "output").shared()
    plan.descriptors[1] = output
    plan.descriptors[2] = output
    let child = try await spawner.get().spawn(plan)
    guard let exit = try await child.wait(atMost: .seconds(20)) else { throw StillRunning() }
    _ = try syscall { output.withRaw { lseek($0, 0, SEEK_SET) } }
    return Ran(output: String(decoding: try output.descriptor.readAll(), as: UTF8.self), exit: exit)
}
