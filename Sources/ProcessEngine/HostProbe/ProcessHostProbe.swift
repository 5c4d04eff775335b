import LinuxKit
import Sandboxes
import SystemPackage

/// Tries on this host what every sandbox takes: see ``ProcessEngine/findings(directory:programs:user:)``.
struct ProcessHostProbe: Sendable {
    let directory: FilePath
    let programs: ProcessEngine.Programs
    let user: SandboxUser

    /// What keeps the host from it.
    struct Fault: Error, Sendable {
        let name: String
        let found: String
        let remedy: String

        var finding: HostFinding { .failed(name, found, remedy: remedy) }
    }

    func run() async -> [HostFinding] {
        var findings = await BlockingThread.run { Self.memoryFindings() }
        let trial: Trial
        do { trial = try await Trial(directory: directory, programs: programs, owner: user.files) } catch {
            return findings + [error.finding]
        }
        do {
            findings.append(try await trial.mountImage())
            let sandbox = try await trial.startSandbox(as: user)
            findings.append(sandbox.finding)
            findings.append(try await trial.freeze(sandbox.subject, beside: sandbox.holder))
            findings.append(try await trial.clone(in: sandbox.holder))
        } catch {
            findings.append(error.finding)
        }
        await trial.end()
        return findings
    }

    private static func memoryFindings() -> [HostFinding] {
        var findings: [HostFinding] = []
        if word("/proc/sys/vm/overcommit_memory") == "2" {
            findings.append(
                .warning(
                    "memory promises", "the kernel counts all that a snapshot has for each clone of it",
                    remedy: "set vm.overcommit_memory to 0"))
        }
        if HugePages.setting == .never {
            findings.append(
                .warning(
                    "huge pages", "switched off: a clone of much memory takes some milliseconds longer",
                    remedy: "write madvise to \(HugePages.file)"))
        }
        return findings
    }

    private static func word(_ file: FilePath) -> Substring? {
        (try? SmallFile.text(file))?.split { $0.isWhitespace }.first
    }
}

extension ProcessHostProbe.Fault {
    static let privileges = "run as root; in a container, run it privileged"

    /// - Parameter remedies: where the kernel says why.
    init(_ name: String, _ error: SpawnError, remedies: [Errno: String] = [:]) {
        self.init(name: name, found: "\(error)", remedy: remedies[error.errno] ?? Self.privileges)
    }
}

/// Runs a step of a probe; what the host refuses there is a fault of this name.
func probing<R>(
    _ name: String, remedy: String = ProcessHostProbe.Fault.privileges, _ body: () async throws(SandboxError) -> R
) async throws(ProcessHostProbe.Fault) -> R {
    do { return try await body() } catch {
        throw ProcessHostProbe.Fault(name: name, found: "\(error)", remedy: remedy)
    }
}
