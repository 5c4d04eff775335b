import Glibc
internal import LinuxKit
package import SystemPackage

/// The restorer, built from its sources once per run of the tests.
package enum TestRestorer {
    private static let built = Result {
        let parent = getenv("TMPDIR").map { FilePath(platformString: $0) } ?? "/tmp"
        let binary = parent.appending("thaw-test-restorer-\(getpid())")
        let script = FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()
            .appending("Sources/Restorer/build")
        var plan = SpawnPlan(
            executable: script, arguments: [script.string, binary.string],
            environment: [
                "PATH": "/usr/bin:/bin:/opt/swift/usr/bin",
                "RESTORER_CFLAGS": getenv("RESTORER_CFLAGS").map { String(cString: $0) } ?? "",
            ])
        let output = try OwnedDescriptor.memoryFile(named: "build").shared()
        plan.descriptors[1] = output
        plan.descriptors[2] = output
        let exit = try plan.spawn().waitBlocking()
        guard exit?.reason == .exited(status: 0) else {
            _ = try syscall { output.withRaw { lseek($0, 0, SEEK_SET) } }
            throw Lines.Missing(description: String(decoding: try output.descriptor.readAll(), as: UTF8.self))
        }
        atexit {
            if let binary = try? TestRestorer.path() { try? DurableFile.remove(binary) }
        }
        return binary
    }

    package static func path() throws -> FilePath { try built.get() }
}
