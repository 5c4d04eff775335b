import Glibc
import LinuxKit
import ProcessEngine
import SystemPackage
import TestSupport
import Testing

@Suite(.requiresRoot, .serialized) struct HostProbeTests {
    @Test("a host that runs these tests is found fit, and nothing of the looking is left")
    func good() async {
        // In a process of its own: other suites' engines probe, too.
        await #expect(processExitsWith: .success) {
            try await withScratchDirectory { directory in
                let programs = try ProcessEngine.Programs.built
                let findings = await ProcessEngine.findings(directory: directory, programs: programs)
                // Whatever the host's memory settings are, that is no more than a warning.
                let found = findings.map { "\($0.name) \($0.status.rawValue)" }.filter { !$0.hasSuffix("warning") }
                #expect(found == ["image files good", "sandboxes good", "freezing good", "clones good"])
                #expect(try Directory.entries(directory) == [])
                #expect(try !SmallFile.text("/proc/self/mountinfo", limit: 16 << 20).contains(directory.string))
                #expect(try CgroupHierarchy.detect().sweep(prefix: "process-probe-\(getpid())-") == [])
                #expect(try CgroupHierarchy.detect().sweep(prefix: "probe-\(getpid())-") == [])
            }
        }
    }

    @Test("the cgroup of a probe that was killed goes with the next")
    func killed() async throws {
        try await withScratchDirectory { directory in
            let plan = SpawnPlan(executable: "/bin/true", arguments: ["true"])
            let ended = try plan.spawn()
            _ = try await ended.wait(atMost: .seconds(30))
            let left = "process-probe-\(ended.pid)-1-x"
            let cgroup = try CgroupHierarchy.detect().create(left)
            _ = await ProcessEngine.findings(directory: directory, programs: try .built)
            #expect(cgroup.directories.allSatisfy { !FileStatus.exists($0) })
        }
    }

    @Test("what is missing is named once, with what to do, and what needs it is not tried")
    func missing() async throws {
        try await withScratchDirectory { directory in
            var programs = ProcessEngine.Programs(
                restorer: directory.appending("none"), workshop: BuiltProgram.workshop)
            let findings = await ProcessEngine.findings(directory: directory, programs: programs)
            #expect(findings.filter { $0.status == .failed }.map(\.name) == ["restorer"])
            #expect(!findings.contains { $0.name == "sandboxes" })
            // A program that is no restorer starts, and is nothing that a clone can be made of.
            programs.restorer = "/bin/true"
            let wrong = await ProcessEngine.findings(directory: directory, programs: programs)
            #expect(wrong.count { $0.status == .failed } == 1)
            programs = ProcessEngine.Programs(
                restorer: try TestRestorer.path(), workshop: directory.appending("none"))
            let neither = await ProcessEngine.findings(directory: directory, programs: programs)
            #expect(neither.filter { $0.status == .failed }.map(\.name) == ["image files"])
            let left = try Directory.entries(directory)
            #expect(left == [])
        }
    }
}

extension ProcessEngine.Programs {
    /// Those of this build.
    static var built: Self {
        get throws { Self(restorer: try TestRestorer.path(), workshop: BuiltProgram.workshop) }
    }
}
