import LinuxKit
import SystemPackage
import TestSupport
import Testing
import Workshop

@Suite(.requiresRoot) struct WorkshopTests {
    /// A program in place of ours, as a hostile input might make of it.
    static func outcome(of script: String, _ limits: Workshop.Limits = .init()) async throws -> WorkshopError? {
        try await withScratchDirectory { scratch in
            let source = """
                #define _GNU_SOURCE
                #include <errno.h>
                #include <fcntl.h>
                #include <stdio.h>
                #include <stdlib.h>
                #include <string.h>
                #include <sys/mman.h>
                #include <sys/socket.h>
                #include <sys/stat.h>
                #include <unistd.h>
                static void say(const char *what) { dprintf(1, "invalidZip%c%s%c", 0, what, 0), _exit(1); }
                int main(void) { \(script); return 0; }
                """
            let program = try await CProgram.build(source, in: scratch, flags: ["-w"])
            let zip = try OwnedDescriptor.memoryFile(named: "zip").shared()
            return await #expect(throws: WorkshopError.self) {
                _ = try await Workshop(program: program, limits: limits).inspect(zip: zip, limits: .lambda)
            }
        }
    }

    @Test(
        "what runs in the workshop can do nothing but its work",
        arguments: [
            ("say(fork() < 0 ? strerror(errno) : \"forked\")", "Function not implemented"),
            ("say(socket(AF_INET, SOCK_STREAM, 0) < 0 ? strerror(errno) : \"socket\")", "Function not implemented"),
            ("say(open(\"/etc/shadow\", O_RDONLY) < 0 ? strerror(errno) : \"open\")", "No such file or directory"),
            ("say(open(\"/x\", O_CREAT | O_WRONLY, 0600) < 0 ? strerror(errno) : \"made\")", "Read-only file system"),
            ("say(setuid(0) < 0 ? strerror(errno) : \"root\")", "Function not implemented"),
            ("say(access(\"/proc/2\", F_OK) < 0 ? strerror(errno) : \"seen\")", "No such file or directory"),
            ("say(fcntl(4, F_GETFD) < 0 ? strerror(errno) : \"open\")", "Bad file descriptor"),
            ("say(malloc(2L << 30) ? \"memory\" : strerror(errno))", "Cannot allocate memory"),
            ("char b[4096] = {1}; while (write(3, b, sizeof b) > 0); say(strerror(errno))", "File too large"),
        ])
    func confined(script: String, sees: String) async throws {
        #expect(try await Self.outcome(of: script) == .invalidZip(sees))
    }

    @Test("a program that hangs is killed at its limit")
    func hangs() async throws {
        var limits = Workshop.Limits()
        limits.time = .milliseconds(300)
        #expect(try await Self.outcome(of: "for (;;) pause()", limits) == .tooSlow(seconds: 0))
    }

    @Test("a program that computes for ever is killed at its limit")
    func computes() async throws {
        var limits = Workshop.Limits()
        limits.processorSeconds = 1
        #expect(try await Self.outcome(of: "for (;;)", limits) == .tooSlow(seconds: 1))
    }

    @Test(
        "a program that says nonsense is not believed",
        arguments: [
            "write(1, \"done\", 4)", "dprintf(1, \"done%c-1%c\", 0, 0)", "dprintf(1, \"done%cx%c\", 0, 0)",
            "dprintf(1, \"done%c5%c\", 0, 0); abort()", "dprintf(1, \"what%c\", 0), _exit(1)", "_exit(0)", "_exit(1)",
            "for (int i = 0; i < 10000; i++) write(1, \"x\", 1)",
        ])
    func nonsense(script: String) async throws {
        guard case .broken = try await Self.outcome(of: script) else {
            Issue.record("it is believed")
            return
        }
    }

    @Test("work that is cancelled ends at once")
    func cancelled() async throws {
        let task = Task { try await Self.outcome(of: "for (;;) pause()") }
        task.cancel()
        #expect(try await task.value == .cancelled)
    }

    @Test("a missing program is named")
    func missing() async throws {
        let zip = try OwnedDescriptor.memoryFile(named: "zip").shared()
        let error = await #expect(throws: WorkshopError.self) {
            _ = try await Workshop(program: "/nonexistent/workshop").inspect(zip: zip, limits: .lambda)
        }
        #expect(error?.description.contains("/nonexistent/workshop") == true)
    }
}
