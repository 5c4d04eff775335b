import LinuxKit
import SlotNetwork
import SystemPackage
import TestSupport
import Testing

/// The keep of network namespaces.
@Suite(.requiresRoot)
struct NamespaceKeepTests {
    @Test("a keep has its name where mounts are shared, as systemd shares them, and goes without a trace")
    func sharedMounts() throws {
        try withScratchDirectory { directory in
            try PosixThread.runAndWait {
                _ = try MountNamespace.enterNew()
                let (here, there) = (directory.appending("here"), directory.appending("there"))
                for path in [here, there] { try Directory.create(path) }
                try Mount.mount("none", on: here, type: "tmpfs")
                try Mount.mount("none", on: here, flags: .shared)
                // What is mounted in the one appears in the other.
                try Mount.mount(here.string, on: there, flags: .bind)
                let before = try SmallFile.text("/proc/thread-self/mountinfo")

                _ = try NamespaceKeep.make(in: here)
                #expect(try NamespaceKeep.find(in: here) != nil)
                try NamespaceKeep.retire(in: here)
                #expect(try NamespaceKeep.find(in: here) == nil)
                for keep in try NamespaceKeep.retired(in: here) { try keep.remove() }

                #expect(try SmallFile.text("/proc/thread-self/mountinfo") == before)
                #expect(try Directory.entries(here).isEmpty)
            }.get()
        }
    }
}
