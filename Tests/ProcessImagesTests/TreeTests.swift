import LinuxKit
import ProcessImages
import TestSupport
import Testing

/// Programs of several processes: two clones go on as the program did, and a clone of a clone.
@Suite(.requiresRoot) struct TreeTests {
    private func check(_ tree: TreeState) throws -> [String] {
        try ProgramCheck(program: tree.program, ownsScratch: true).problems { _, image in
            image.otherProcesses == tree.others ? nil : "\(image.otherProcesses) others"
        }
    }

    @Test("what the processes of a program have together, those of a clone have", arguments: TreeState.all)
    func trees(tree: TreeState) async throws {
        #expect(try await BlockingThread.run { try check(tree) } == [])
    }
}

struct TreeState: CustomTestStringConvertible, Sendable {
    let name: String
    /// Python: makes the processes. Each that is forked by `child(body)` runs that.
    let setup: String
    /// Python, an expression: what the first process finds, the same each time.
    let look: String
    let others: Int

    init(_ name: String, others: Int = 1, _ setup: String, look: String) {
        self.name = name
        self.setup = setup
        self.look = look
        self.others = others
    }

    var testDescription: String { name }

    var program: String {
        """
        import pathlib, struct
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
        def child(body):
            pid = os.fork()
            if pid: return pid
            try: body()
            finally: os._exit(1)
        # Answers every line that comes with the line and what `also` says.
        def answer(reader, writer, also=lambda: ""):
            def serve():
                lines = os.fdopen(reader, "rb", buffering=0)
                while line := lines.readline(): os.write(writer, line.strip() + str(also()).encode() + b"\\n")
            return serve
        def ask(writer, reader, word=b"hello"):
            os.write(writer, word + b"\\n")
            found = b""
            while not found.endswith(b"\\n"): found += os.read(reader, 100)
            return found.decode().strip()
        def place(pid=0): return os.getpid() == os.getsid(pid), os.getpid() == os.getpgid(pid)
        there, back = os.pipe(), os.pipe()
        \(setup)
        print("ready")
        while True:
            signal.sigwait([signal.SIGUSR1])
            print(\(look), True)
        """
    }
}

extension TreeState {
    static let all: [TreeState] = [
        TreeState(
            "pipes between a process and its child, by fork",
            "c = child(answer(there[0], back[1], os.getpid))", look: "ask(there[1], back[0]) == f'hello{c}'"),
        TreeState(
            "pipes between a process and another program",
            """
            c = subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
            """, look: "ask(c.stdin.fileno(), c.stdout.fileno())"),
        TreeState(
            "a child that a thread waits for",
            """
            c = subprocess.Popen(["/bin/sh", "-c", "read line; exit 7"], stdin=there[0], close_fds=True)
            t = threading.Thread(target=c.wait, daemon=True); t.start()
            """, look: "os.waitid(os.P_PID, c.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT), t.is_alive()"),
        TreeState(
            "a grandchild, threads in it, a session and a group of its own", others: 3,
            """
            def middle():
                os.setsid()
                def leaf():
                    os.setpgid(0, 0)
                    for _ in range(3): threading.Thread(target=threading.Event().wait, daemon=True).start()
                    answer(there[0], back[1], lambda: (threading.active_count(), os.getpgid(0) == os.getpid(),
                        os.getsid(0) == os.getppid()))()
                child(leaf); child(signal.pause)
                signal.pause()
            child(middle)
            """, look: "ask(there[1], back[0])"),
        TreeState(
            "an open file that two processes read in turn",
            """
            open("/tmp/list", "w").write("".join(f"{i:07}\\n" for i in range(100)))
            f = os.open("/tmp/list", os.O_RDONLY)
            child(answer(there[0], back[1], lambda: os.read(f, 8).decode().strip()))
            def turn():
                os.lseek(f, 80, 0)
                return os.read(f, 8), ask(there[1], back[0]), os.read(f, 8)
            """, look: "turn()"),
        TreeState(
            "a connection over loopback, an epoll, and a listener that two share",
            """
            listener = socket.create_server(("127.0.0.1", 0))
            def serve():
                e = select.epoll()
                one, _ = listener.accept()
                e.register(one, select.EPOLLIN); e.register(there[0], select.EPOLLIN)
                os.write(back[1], b"x")
                while True:
                    for fd, _ in e.poll(): os.write(fd if fd == one.fileno() else back[1], os.read(fd, 100).upper())
            child(serve)
            s = socket.create_connection(listener.getsockname())
            os.read(back[0], 1)
            def both():
                s.sendall(b"hello")
                return s.recv(100), ask(there[1], back[0])
            """, look: "both()"),
        TreeState(
            "an epoll that two processes have",
            """
            e = select.epoll(); e.register(back[0], select.EPOLLIN)
            child(answer(there[0], back[1], lambda: len(e.poll(0))))
            """, look: "ask(there[1], back[0]), e.poll(0)"),
        TreeState(
            "a child's own watch, timer and epoll",
            """
            os.mkdir("/tmp/w"); libc = ctypes.CDLL(None)
            def serve():
                f = libc.inotify_init1(0o4000); libc.inotify_add_watch(f, b"/tmp/w", 0x20)
                t = libc.timerfd_create(1, 0o4000); libc.timerfd_settime(t, 0, struct.pack("qqqq", 0, 10**6, 0, 1), None)
                e = select.epoll(); e.register(f, select.EPOLLIN)
                def told():
                    found = len(e.poll(0)); open("/tmp/w/x", "w").close()
                    return found, len(e.poll(0)), len(os.read(f, 4096)), len(os.read(t, 8))
                os.set_blocking(t, True)
                answer(there[0], back[1], told)()
            child(serve)
            """, look: "ask(there[1], back[0])"),
        TreeState(
            "a pair of Unix sockets and what lies in a pipe",
            """
            one, two = socket.socketpair()
            os.write(back[1], b"left\\n")
            def serve():
                while True: two.sendall(two.recv(100)[::-1])
            child(serve)
            def reverse():
                one.sendall(b"abc")
                found = one.recv(100), os.read(back[0], 100)
                os.write(back[1], b"left\\n")
                return found
            """, look: "reverse()"),
        TreeState(
            "memory that processes share",
            """
            shared = mmap.mmap(-1, 4096)
            def serve():
                shared[0] = 5
                answer(there[0], back[1], lambda: (shared[0], shared[1]))()
            child(serve)
            ask(there[1], back[0])
            def together():
                shared[1] = 7
                return shared[0], ask(there[1], back[0])
            """, look: "together()"),
        TreeState(
            "signal handlers, limits, a directory, an ended child of a child",
            """
            signal.signal(signal.SIGUSR2, lambda *_: None)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            def serve():
                signal.signal(signal.SIGUSR2, signal.SIG_IGN)
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                os.mkdir("/tmp/d"); os.chdir("/tmp/d"); os.umask(0o27)
                resource.setrlimit(resource.RLIMIT_NOFILE, (100, 200))
                z = os.fork() or os._exit(3)
                os.waitid(os.P_PID, z, os.WEXITED | os.WNOWAIT)
                answer(there[0], back[1], lambda: (os.getcwd(), resource.getrlimit(resource.RLIMIT_NOFILE),
                    signal.getsignal(signal.SIGUSR2), signal.getsignal(signal.SIGTERM),
                    os.waitid(os.P_PID, z, os.WEXITED | os.WNOWAIT).si_status))()
            child(serve)
            """, look: "ask(there[1], back[0])"),
    ]
}
