import Glibc
import LinuxKit
import ProcessImages
import SystemPackage
import TestSupport
import Testing

@Suite(.requiresRoot) struct CloneTests {
    /// Freezes what `subject` is now, and makes clones that each get `body` to themselves.
    private func cloned(
        _ subject: Subject, _ count: Int = 2, in cgroup: Cgroup? = nil, _ body: (TestClone) throws -> Void
    ) throws {
        try withScratchDirectory { directory in
            _ = try ProcessFreezer.freeze(subject.target(), into: directory)
            let template = try TestTemplate(try ProcessImage.load(directory), restorer: TestRestorer.path())
            for _ in 0..<count {
                let clone = try template.clone(in: cgroup)
                try clone.wake()
                try body(clone)
            }
        }
    }

    @Test("a frozen Python program goes on in two clones")
    func python() throws {
        let subject = try Subject.python(FreezeTests.counter)
        #expect(try subject.line() == "ready")
        #expect(try subject.poke() == "alive 1")
        try cloned(subject) { clone throws in
            #expect(try clone.poke() == "alive 2")
            #expect(try clone.poke() == "alive 3")
        }
    }

    @Test(
        "clones get no huge pages that nobody asked for, where the host gives them to all",
        arguments: [([], "0"), (["huge-pages-for-all"], "1")])
    func hugePages(words: [String], answer: String) throws {
        let subject = try Subject.python(
            """
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
            libc = ctypes.CDLL(None)
            data = bytearray(b"content" * 400000)
            print("ready")
            while True:
                signal.sigwait([signal.SIGUSR1])
                print(libc.prctl(42, 0, 0, 0, 0) & 1, hashlib.md5(data).hexdigest())
            """)
        #expect(try subject.line() == "ready")
        let before = try subject.poke()
        try withScratchDirectory { directory in
            _ = try ProcessFreezer.freeze(subject.target(), into: directory)
            let template = try TestTemplate(
                try ProcessImage.load(directory), restorer: TestRestorer.path(), words: words)
            let clone = try template.clone()
            try clone.wake()
            #expect(try clone.poke() == answer + before.dropFirst(1))
        }
    }

    @Test(
        "a clone of either version of cgroups is in its own", arguments: ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"])
    func cgroup(root: FilePath) throws {
        // Version 2 is often mounted beside version 1, without controllers; some hosts have one of them only.
        guard let hierarchy = try? CgroupHierarchy.detect(root: root) else { return }
        let subject = try Subject.python(FreezeTests.counter)
        #expect(try subject.line() == "ready")
        let cgroup = try hierarchy.create("test-clone-\(UInt32.random(in: 0 ... .max))")
        try cloned(subject, 1, in: cgroup) { clone throws in
            #expect(try clone.poke() == "alive 1")
            #expect(try cgroup.members() == [clone.pid])
        }
        try cgroup.remove()
    }

    @Test("a frozen program with a dozen busy threads goes on in two clones, floating point included")
    func threads() async throws {
        try await withScratchDirectory { directory in
            let binary = try await CProgram.build(CProgram.busyThreads, in: directory)
            let subject = try Subject(binary)
            #expect(try subject.line() == "ready")
            try cloned(subject) { clone throws in
                #expect(try clone.poke() == "all right")
            }
        }
    }

    @Test("a frozen JVM goes on in two clones, compiles and collects", .requiresFile("/usr/bin/javac", "install a JDK"))
    func java() async throws {
        try await withScratchDirectory { directory in
            try DurableFile.write(Self.javaProgram.utf8, to: directory.appending("Program.java"))
            let compiler = SpawnPlan(
                executable: "/usr/bin/javac",
                arguments: ["javac", "-XDignore.symbol.file", directory.appending("Program.java").string])
            #expect(try await compiler.spawn().wait()?.reason == .exited(status: 0))
            let subject = try Subject(
                "/usr/bin/java",
                ["-XX:-UsePerfData", "-XX:+UseSerialGC", "-Xmx64m", "-cp", directory.string, "Program"])
            #expect(try subject.line() == "ready")
            try cloned(subject) { clone throws in
                #expect(try clone.poke(SIGUSR1) == "sum 4950")
                #expect(try clone.poke(SIGUSR1) == "sum 4950")
            }
        }
    }

    private static let javaProgram = """
        public class Program {
            public static void main(String[] arguments) throws Exception {
                java.util.concurrent.ExecutorService pool = java.util.concurrent.Executors.newFixedThreadPool(4);
                var poked = new java.util.concurrent.Semaphore(0);
                sun.misc.Signal.handle(new sun.misc.Signal("USR1"), signal -> poked.release());
                System.out.println("ready");
                while (true) {
                    poked.acquire();
                    java.util.concurrent.Future<Integer> sum = pool.submit(() -> {
                        int total = 0;
                        for (int i = 0; i < 100; i++) total += new byte[1 << 16].length / (1 << 16) * i;
                        System.gc();
                        return total;
                    });
                    System.out.println("sum " + sum.get());
                }
            }
        }
        """

    @Test("a frozen Node.js goes on in two clones", .requiresFile("/usr/bin/node", "install nodejs"))
    func node() throws {
        let program = """
            let count = 0;
            process.on('SIGUSR2', () => {
                require('fs').readFile('/proc/self/comm', (error, name) => console.log(`alive ${++count} ${name}`.trim()));
            });
            setInterval(() => {}, 1000);
            console.log('ready');
            """
        let subject = try Subject("/usr/bin/node", ["-e", program], environment: ["UV_USE_IO_URING": "0"])
        #expect(try subject.line() == "ready")
        try cloned(subject) { clone throws in
            #expect(try clone.poke(SIGUSR2) == "alive 1 node")
            #expect(try clone.poke(SIGUSR2) == "alive 2 node")
        }
    }

    @Test("the connection to the Runtime API is replaced, and one that has ended stays ended")
    func runtimeAPI() throws {
        let program = """
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
            l = socket.create_server(("127.0.0.1", 0))
            ended = socket.create_connection(l.getsockname()); l.accept()[0].close()
            api = socket.create_connection(("127.0.0.1", PORT)); l.close()
            print("ready", api.getsockname()[1])
            answer = api.recv(100)
            print(answer.decode(), len(ended.recv(1)))
            while True: signal.sigwait([signal.SIGUSR1])
            """
        let listener = try LoopbackSocket.listen(port: 0)
        let port = try LoopbackSocket.port(of: listener)
        let subject = try Subject.python(program.split(separator: "PORT").joined(separator: "\(port)"))
        let own = UInt16(try subject.line().dropFirst("ready ".count)) ?? 0
        try withScratchDirectory { directory in
            _ = try ProcessFreezer.freeze(subject.target(runtimeAPIPort: own), into: directory)
            let template = try TestTemplate(try ProcessImage.load(directory), restorer: TestRestorer.path())
            let ends = try OwnedDescriptor.socketPair().take { ($0.shared(), $1.shared()) }
            let clone = try template.clone(connection: ends.1)
            try clone.wake()
            _ = try ends.0.descriptor.write("event".utf8)
            #expect(try clone.line() == "event 0")
        }
    }

    @Test("an interval timer that expires while the process is frozen goes on")
    func expiredIntervalTimer() throws {
        let program = """
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
            fired = 0
            def count(number, frame):
                global fired
                fired += 1
            signal.signal(signal.SIGALRM, count)
            signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
            print("ready")
            signal.sigwait([signal.SIGUSR1])
            before = fired
            while fired < before + 3: signal.pause()
            print("alive", signal.getitimer(signal.ITIMER_REAL)[1])
            """
        let subject = try Subject.python(program)
        #expect(try subject.line() == "ready")
        try cloned(subject) { clone throws in #expect(try clone.poke() == "alive 0.002") }
    }

    /// A periodic timer that nobody reads, and one that counts processor time.
    private static let timers = """
        libc = ctypes.CDLL(None)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
        period = (ctypes.c_long * 4)(0, 10000000, 0, 10000000)
        fired = 0
        def count(number, frame):
            global fired
            fired += 1
        signal.signal(signal.SIGALRM, count)
        timer = ctypes.c_void_p()
        libc.timer_create(2, None, ctypes.byref(timer)); libc.timer_settime(timer, 0, period, None)
        descriptor = libc.timerfd_create(1, 0); libc.timerfd_settime(descriptor, 0, period, None)
        select.select([descriptor], [], [])
        print("ready")
        while True:
            signal.sigwait([signal.SIGUSR1])
            before = fired
            while fired < before + 2: pass
            print(*(len(os.read(descriptor, 8)) for _ in range(3)))
        """

    @Test("a timer whose expirations nobody has read goes on, and so does one of processor time")
    func expiredTimers() throws {
        let subject = try Subject.python(Self.timers)
        #expect(try subject.line() == "ready")
        try cloned(subject) { clone throws in
            #expect(try clone.poke() == "8 8 8")
            #expect(try clone.poke() == "8 8 8")
        }
    }
}
