import Glibc
import LinuxKit
import ProcessImages
import SystemPackage
import TestSupport
import Testing

/// Each program is refused for what it has, goes on as if nothing had happened, and is frozen once it is rid of it.
@Suite(.requiresRoot) struct RefusalTests {
    /// What is not as it should be.
    private func check(_ state: RefusedState) throws -> [String] {
        var problems: [String] = []
        // One each: they use the same ports.
        let namespace = try Self.makeNamespace()
        let subject = try Subject.python(state.program, namespace: namespace)
        let ready = try subject.line()
        let token = ready.dropFirst("ready ".count)
        try withScratchDirectory { directory in
            for _ in 0..<2 {
                let found = try refusals(of: subject, into: directory)
                for part in state.message {
                    let wanted = part.split(separator: "%", omittingEmptySubsequences: false).joined(
                        separator: String(token))
                    if !found.contains(where: { $0.description.contains(wanted) }) {
                        problems.append("\(found) lacks \(wanted)")
                    }
                }
            }
            if try !Directory.entries(directory).isEmpty { problems.append("something was written") }
            if try subject.poke() != "alive" { problems.append("it does not go on") }
            if state.cure != nil {
                _ = try ProcessFreezer.freeze(subject.target(), into: directory)
                _ = try ProcessImage.load(directory)
            }
        }
        return problems
    }

    private static func makeNamespace() throws -> SharedDescriptor {
        let namespace = try NetworkNamespace.create()
        try NetworkNamespace.run(in: namespace) { () throws(NetworkError) in
            var netlink = NetlinkSession(transport: try NetlinkSocket())
            try netlink.bringUp(try netlink.link(named: "lo"))
        }
        return namespace
    }

    private func refusals(of subject: Subject, into directory: FilePath) throws -> [Refusal] {
        do throws(FreezeError) {
            _ = try ProcessFreezer.freeze(subject.target(), into: directory)
            return []
        } catch .refused(let refusals) {
            return refusals
        } catch .failed(let reason) {
            throw Lines.Missing(description: reason)
        }
    }

    @Test("a descriptor that cannot be cloned is refused by name", arguments: RefusedState.descriptors)
    func descriptors(state: RefusedState) async throws {
        #expect(try await BlockingThread.run { try check(state) } == [])
    }

    @Test("memory that cannot be cloned is refused by name", arguments: RefusedState.memory)
    func memory(state: RefusedState) async throws {
        #expect(try await BlockingThread.run { try check(state) } == [])
    }

    @Test("what a clone cannot be is refused by name", arguments: RefusedState.process)
    func process(state: RefusedState) async throws {
        #expect(try await BlockingThread.run { try check(state) } == [])
    }

    @Test("everything that is wrong is said in one go")
    func everything() throws {
        let program = RefusedState(
            "all",
            "f = os.pidfd_open(os.getpid()); checked(libc.mlock(page(0x22), 4096)); "
                + "c = subprocess.Popen([\"sleep\", \"100\"], preexec_fn=lambda: checked(libc.personality(0x0040000)))",
            cure: "c.kill(); c.wait()")
        let subject = try Subject.python(program.program)
        _ = try subject.line()
        try withScratchDirectory { directory in
            let text = try refusals(of: subject, into: directory).map(\.description).joined(separator: "\n")
            for part in ["pidfd", "locked into memory", "(sleep)"] { #expect(text.contains(part)) }
        }
        #expect(try subject.poke() == "alive")
    }

    @Test("a pipe to another process is refused")
    func pipe() throws {
        let ends = try OwnedDescriptor.pipe().take { ($0.shared(), $1.shared()) }
        let subject = try Subject.python(FreezeTests.counter) { $0.descriptors[0] = ends.0 }
        _ = try subject.line()
        try withScratchDirectory { directory in
            let found = try refusals(of: subject, into: directory)
            #expect(found.map(\.finding) == ["fd 0 is a pipe to another process"])
        }
        withExtendedLifetime(ends) {}
    }

    @Test("a process under a debugger is refused, and so is one that was stopped")
    func stopped() throws {
        let subject = try Subject.python(FreezeTests.counter)
        _ = try subject.line()
        try withScratchDirectory { directory in
            let traced = try TracedThread.seize(subject.child.pid)
            let underTrace = try refusals(of: subject, into: directory)
            #expect(underTrace.first?.finding.contains("the runtime is traced by process") == true)
            try traced.interrupt()
            _ = try traced.stop(blocking: true)
            try traced.detach()
            try subject.child.signal(SIGSTOP)
            while try !SmallFile.text(FilePath("/proc/\(subject.child.pid)/stat")).contains(") T ") { sched_yield() }
            let stopped = try refusals(of: subject, into: directory)
            #expect(stopped.map(\.finding) == ["the runtime has been stopped by a signal"])
            try subject.child.signal(SIGCONT)
            #expect(try subject.poke() == "alive 1")
        }
    }
}
