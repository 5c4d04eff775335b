import Testing

/// A program with state that no clone could have.
struct RefusedState: CustomTestStringConvertible, Sendable {
    let name: String
    /// Python; `token` may be set to something that appears in the message.
    let setup: String
    /// What makes it fit to be frozen; nil: nothing does.
    let cure: String?
    /// Every part appears in the message; `%` stands for the token.
    let message: [String]

    init(_ name: String, _ setup: String, cure: String?, _ message: String...) {
        self.name = name
        self.setup = setup
        self.cure = cure
        self.message = message
    }

    var testDescription: String { name }

    /// Gets into the state, waits, cures itself of it, and lives on.
    var program: String {
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGUSR2])
        libc = ctypes.CDLL(None, use_errno=True)
        libc.mmap.restype = ctypes.c_void_p
        libc.shmat.restype = ctypes.c_void_p
        page = lambda flags, fd=-1: ctypes.c_void_p(libc.mmap(None, 4096, 3, flags, fd, 0))
        def checked(result):
            if result < 0: raise OSError(ctypes.get_errno(), "system call")
            return result
        def single_threaded():
            while len(os.listdir("/proc/self/task")) > 1: pass
        token = ""
        \(setup)
        print("ready", token)
        signal.sigwait([signal.SIGUSR1])
        \(cure ?? "pass")
        print("alive")
        while True:
            signal.sigwait([signal.SIGUSR1])
            print("alive")
        """
    }
}

extension RefusedState {
    static let descriptors: [RefusedState] = [
        RefusedState(
            "a connected TCP socket",
            """
            l = socket.create_server(("127.0.0.1", 5432)); s = socket.create_connection(("127.0.0.1", 5432))
            token = s.fileno()
            """, cure: "s.close(); l.accept()[0].close()",
            "fd % is a connected TCP socket to 127.0.0.1:5432: close it in a before-snapshot hook"),
        RefusedState(
            "a connected TCP socket of version 6",
            """
            l = socket.create_server(("::1", 5432), family=socket.AF_INET6); s = socket.create_connection(("::1", 5432))
            token = s.fileno()
            """, cure: "s.close(); l.accept()[0].close()", "fd % is a connected TCP socket to [::1]:5432"),
        RefusedState(
            "a TCP socket that never was connected", "s = socket.socket(); token = s.fileno()", cure: "s.close()",
            "fd % is a TCP socket that is not connected"),
        RefusedState(
            "an ended connection with unread bytes",
            """
            l = socket.create_server(("127.0.0.1", 5432)); s = socket.create_connection(("127.0.0.1", 5432)); a = l.accept()[0]
            a.send(b"x"); a.close(); select.select([s], [], []); token = s.fileno()
            """, cure: "s.close()", "fd % is a TCP socket", "1 unread bytes"),
        RefusedState(
            "a listener with connections in wait",
            """
            l = socket.create_server(("127.0.0.1", 5432)); s = socket.create_connection(("127.0.0.1", 5432))
            s.close(); token = l.fileno()
            """, cure: "l.accept()[0].close()", "fd % listens and has 1 connections that nobody accepted"),
        RefusedState(
            "a UDP socket with an empty unread datagram",
            """
            s = socket.socket(type=socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0)); s.sendto(b"", s.getsockname())
            token = s.fileno()
            """, cure: "s.recv(10)", "fd % is a UDP socket with unread datagrams"),
        RefusedState(
            "a netlink socket", "s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0); token = s.fileno()",
            cure: "s.close()", "fd % is a netlink socket"),
        RefusedState(
            "a packet socket", "s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0); token = s.fileno()",
            cure: "s.close()", "fd % is a socket of family 17"),
        RefusedState(
            "a raw socket", "s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 1); token = s.fileno()",
            cure: "s.close()", "fd % is a socket of family 2 and type 3"),
        RefusedState(
            "a Unix pair with unread bytes", "a, b = socket.socketpair(); a.send(b\"four\"); token = b.fileno()",
            cure: "b.recv(10)", "fd % is a Unix socket with 4 unread bytes"),
        RefusedState(
            "a Unix pair shut down in one direction",
            "a, b = socket.socketpair(); a.shutdown(socket.SHUT_WR); token = a.fileno()", cure: "a.close(); b.close()",
            "fd % is a Unix socket that is shut down in one direction"),
        RefusedState(
            "a Unix pair whose other end is in a message",
            """
            a, b = socket.socketpair(); c, d = socket.socketpair()
            socket.send_fds(c, [b"x"], [b.fileno()]); b.close(); token = a.fileno()
            """, cure: "socket.recv_fds(d, 1, 1)", "fd % is a Unix socket connected to another process"),
        RefusedState(
            "a Unix socket on its own", "s = socket.socket(socket.AF_UNIX); token = s.fileno()", cure: "s.close()",
            "fd % is a Unix socket that is not connected"),
        RefusedState(
            "a pipe opened for both",
            "r, w = os.pipe(); f = os.open(f\"/proc/self/fd/{r}\", os.O_RDWR); token = f", cure: "os.close(f)",
            "fd % is a pipe opened for reading and writing at once"),
        RefusedState(
            "a named pipe",
            "p = f\"/tmp/thaw-fifo-{os.getpid()}\"; os.mkfifo(p); f = os.open(p, os.O_RDWR); token = f; os.unlink(p)",
            cure: "os.close(f)", "fd % is a named pipe"),
        RefusedState(
            "a deleted file elsewhere",
            "f = open(f\"/var/tmp/thaw-{os.getpid()}\", \"w\"); os.unlink(f.name); token = f.fileno()",
            cure: "f.close()",
            "fd % is a deleted file outside of /tmp, /var/tmp/thaw-"),
        RefusedState(
            "a deleted file that is too large",
            """
            f = open(f"/tmp/thaw-large-{os.getpid()}", "w"); os.unlink(f.name); os.posix_fallocate(f.fileno(), 0, 65 << 20)
            token = f.fileno()
            """, cure: "f.truncate(0)", "fd % is a deleted file of 65 MiB"),
        RefusedState(
            "a memfd that is sealed against writing",
            "f = os.memfd_create(\"heap\", 2); checked(libc.fcntl(f, 1033, 8)); token = f", cure: "os.close(f)",
            "fd % is a memfd that is sealed against writing, /memfd:heap"),
        RefusedState(
            "a locked file elsewhere",
            "f = open(\"/usr/bin/env\"); fcntl.flock(f, fcntl.LOCK_SH); token = f.fileno()",
            cure: "fcntl.flock(f, fcntl.LOCK_UN)", "fd % (/usr/bin/env) holds a file lock: release it"),
        RefusedState(
            "a terminal", "m, s = os.openpty(); token = s", cure: "os.close(m); os.close(s)",
            "fd % is a terminal, /dev/pts/"),
        RefusedState(
            "an io_uring", "f = checked(libc.syscall(425, 8, ctypes.create_string_buffer(120))); token = f",
            cure: "os.close(f)", "fd % is an io_uring", "UV_USE_IO_URING=0"),
        RefusedState(
            "a pidfd", "f = os.pidfd_open(os.getpid()); token = f", cure: "os.close(f)", "fd % is a pidfd"),
        RefusedState(
            "a namespace", "f = os.open(\"/proc/self/ns/net\", os.O_RDONLY); token = f", cure: "os.close(f)",
            "fd % is net:[", "which cannot be cloned"),
        RefusedState(
            "a pipe that sends signals",
            "r, w = os.pipe(); fcntl.fcntl(r, fcntl.F_SETFL, fcntl.FASYNC); token = r",
            cure: "fcntl.fcntl(r, fcntl.F_SETFL, 0)", "fd % sends signals when it is ready (O_ASYNC)"),
        RefusedState(
            "a pipe with an owner", "r, w = os.pipe(); fcntl.fcntl(r, fcntl.F_SETOWN, os.getpid()); token = r",
            cure: "fcntl.fcntl(r, fcntl.F_SETOWN, 0)", "fd % has somebody or something to be told by a signal (F_SETOWN"
        ),
        RefusedState(
            "a pipe with another signal", "r, w = os.pipe(); fcntl.fcntl(r, fcntl.F_SETSIG, 40); token = r",
            cure: "fcntl.fcntl(r, fcntl.F_SETSIG, 0)", "fd % has somebody or something to be told by a signal"),
        RefusedState(
            "a file with a lease",
            """
            f = os.open(f"/tmp/thaw-lease-{os.getpid()}", os.O_CREAT | os.O_RDWR); os.unlink(f"/tmp/thaw-lease-{os.getpid()}")
            fcntl.fcntl(f, fcntl.F_SETLEASE, fcntl.F_WRLCK); token = f
            """, cure: "fcntl.fcntl(f, fcntl.F_SETLEASE, fcntl.F_UNLCK)", "fd % (/tmp/thaw-lease-", "holds a file lock"),
        RefusedState(
            "a timer that ends when the clock is set",
            """
            f = checked(libc.timerfd_create(0, 0)); libc.timerfd_settime(f, 3, (ctypes.c_long * 4)(0, 0, 1 << 32, 0), None)
            token = f
            """, cure: "os.close(f)", "fd % is a timer that ends when the clock is set"),
        RefusedState(
            "an epoll that polls devices",
            """
            f = select.epoll(); token = f.fileno()
            fcntl.ioctl(f, 0x40088a01, (100).to_bytes(4, "little") + (8).to_bytes(2, "little") + b"\\1\\0")
            """, cure: "f.close()", "fd % is an epoll that polls devices"),
        RefusedState(
            "a socket with a mark",
            "s = socket.socket(type=socket.SOCK_DGRAM); s.setsockopt(1, 36, 7); token = s.fileno()",
            cure: "s.setsockopt(1, 36, 0)", "fd % is a socket with SO_MARK, which cannot be carried into a clone"),
        RefusedState(
            "a member of a multicast group",
            """
            s = socket.socket(type=socket.SOCK_DGRAM); token = s.fileno()
            s.setsockopt(0, 35, socket.inet_aton("239.1.2.3") + socket.inet_aton("127.0.0.1"))
            """, cure: "s.setsockopt(0, 36, socket.inet_aton(\"239.1.2.3\") + socket.inet_aton(\"127.0.0.1\"))",
            "fd % is in the multicast group 239.1.2.3"),
        RefusedState(
            "a member of a multicast group of version 6",
            """
            s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); token = s.fileno()
            group = socket.inet_pton(socket.AF_INET6, "ff15::7") + (1).to_bytes(4, "little"); s.setsockopt(41, 20, group)
            """, cure: "s.setsockopt(41, 21, group)", "fd % is in the multicast group ff150000000000000000000000000007"),
        RefusedState(
            "a socket for pings",
            """
            open("/proc/sys/net/ipv4/ping_group_range", "w").write("0 0"); s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 1)
            token = s.fileno()
            """, cure: "s.close()", "fd % is a datagram socket of protocol 1"),
        RefusedState(
            "an epoll that watches a duplicate",
            """
            e = select.epoll(); r, w = os.pipe(); e.register(r, 1); d = os.dup(r); os.close(r); token = f"{r}"
            """, cure: "os.close(d); os.close(w)", "(epoll) watches what was fd %, of which a duplicate is still open"),
    ]
}

extension RefusedState {
    static let memory: [RefusedState] = [
        RefusedState(
            "a file elsewhere that is mapped shared",
            """
            f = open(f"/var/tmp/thaw-map-{os.getpid()}", "w+b"); f.truncate(4096); m = mmap.mmap(f.fileno(), 4096)
            f.close(); os.unlink(f.name)
            """, cure: "m.close()", "(/var/tmp/thaw-map-", "is a file mapped shared and writable"),
        RefusedState(
            "very much shared memory", "m = mmap.mmap(-1, 65 << 20); m.write(b\"x\" * (65 << 20))", cure: "m.close()",
            "is shared memory, of 65 MiB: unmap it in a before-snapshot hook"),
        RefusedState(
            "System V shared memory",
            """
            i = checked(libc.shmget(0, 4096, 0o1600)); a = ctypes.c_void_p(libc.shmat(i, None, 0)); libc.shmctl(i, 0, None)
            """, cure: "libc.shmdt(a)", "is System V shared memory"),
        RefusedState(
            "locked memory", "a = page(0x22); checked(libc.mlock(a, 4096)); token = hex(a.value)",
            cure: "libc.munlock(a, 4096)", "the mapping at % is locked into memory: use munlock"),
        RefusedState(
            "a guard page",
            "a = page(0x22); checked(libc.madvise(a, 4096, 102)); token = hex(a.value)",
            cure: "libc.madvise(a, 4096, 103)", "there is a guard page at %"),
    ]

    static let process: [RefusedState] = [
        RefusedState(
            "more processes than a clone may have",
            "c = [subprocess.Popen([\"sleep\", \"100\"]) for _ in range(17)]; token = c[-1].pid",
            cure: "[(each.kill(), each.wait()) for each in c]",
            "process % (sleep) is one more than the 16 beside the runtime: end some of them"),
        RefusedState(
            "a child in the group of one that is gone",
            """
            a, c = (os.fork() or signal.pause() for _ in range(2))
            os.setpgid(a, a); os.setpgid(c, a); os.kill(a, 9); os.waitpid(a, 0); token = c
            """, cure: "os.kill(c, 9); os.waitpid(c, 0)",
            "process % (python3) is in a session or process group that is neither its parent's nor its own"),
        RefusedState(
            "a lock of a child's",
            """
            f = tempfile.NamedTemporaryFile(dir="/tmp")
            c = os.fork() or (fcntl.lockf(f, fcntl.LOCK_EX), print("ready", os.getpid()), signal.pause())
            sys.stdout = open("/dev/null", "w"); token = c
            """, cure: "os.kill(c, 9); os.waitpid(c, 0); sys.stdout = sys.__stdout__",
            "of process % (python3) (/tmp/", "holds a file lock: release it"),
        RefusedState(
            "an ended child in a group of its own",
            """
            c = os.fork() or (os.setpgid(0, 0), os._exit(0)); os.waitid(os.P_PID, c, os.WEXITED | os.WNOWAIT); token = c
            """, cure: "os.waitpid(c, 0)",
            "process % (python3) is an ended child of the runtime that nobody waited for"),
        RefusedState(
            "a signal in wait", "os.kill(os.getpid(), signal.SIGUSR2)", cure: "signal.sigwait([signal.SIGUSR2])",
            "signal 12 waits to be handled"),
        RefusedState(
            "a signal in wait for a thread", "signal.pthread_kill(threading.get_ident(), signal.SIGUSR2)",
            cure: "signal.sigwait([signal.SIGUSR2])", "signal 12 waits to be handled"),
        RefusedState(
            "a scheduling policy", "os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0)); token = os.getpid()",
            cure: "os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))",
            "thread % (python3) has a scheduling policy of its own"),
        RefusedState(
            "a thread of another nice value",
            """
            b = threading.Barrier(2)
            t = threading.Thread(target=lambda: (os.setpriority(os.PRIO_PROCESS, 0, 5), b.wait(), b.wait()))
            t.start(); b.wait(); token = t.native_id
            """, cure: "b.wait(); single_threaded()", "thread % (python3) has a nice value of its own"),
        RefusedState(
            "a personality", "libc.personality(0x0040000)", cure: "libc.personality(0)",
            "runs with personality 0x40000"),
        RefusedState(
            "no huge pages", "libc.prctl(41, 1, 0, 0, 0)", cure: "libc.prctl(41, 0, 0, 0, 0)",
            "the runtime has turned off huge pages"),
        RefusedState(
            "calls dispatched to the program",
            "byte = ctypes.create_string_buffer(1); checked(libc.prctl(59, 1, 0, 0, ctypes.byref(byte)))",
            cure: "libc.prctl(59, 0, 0, 0, 0)", "has its system calls dispatched to itself"),
        RefusedState(
            "segments",
            "entry = (ctypes.c_uint * 4)(3, 0x1000, 0xfffff, 0x51); checked(libc.syscall(154, 1, entry, 16))",
            cure: nil, "the runtime has segments of its own (modify_ldt)"),
        RefusedState(
            "kept capabilities", "checked(libc.prctl(8, 1, 0, 0, 0)); token = os.getpid()",
            cure: "libc.prctl(8, 0, 0, 0, 0)", "thread % (python3) has securebits"),
        RefusedState(
            "a memory policy",
            "nodes = ctypes.c_ulong(1); checked(libc.syscall(238, 2, ctypes.byref(nodes), 64)); token = os.getpid()",
            cure: "libc.syscall(238, 0, None, 0)", "places memory by a policy of its own (mbind, set_mempolicy)"),
        RefusedState(
            "a memory policy of a thread",
            """
            b = threading.Barrier(2); nodes = ctypes.c_ulong(1)
            t = threading.Thread(target=lambda: (libc.syscall(238, 2, ctypes.byref(nodes), 64), b.wait(), b.wait()))
            t.start(); b.wait(); token = t.native_id
            """, cure: "b.wait(); single_threaded()", "thread % (python3) has a memory policy of its own"),
        RefusedState(
            "memory with a policy",
            "a = page(0x22); nodes = ctypes.c_ulong(1); checked(libc.syscall(237, a, 4096, 2, ctypes.byref(nodes), 64, 0))",
            cure: "libc.syscall(237, a, 4096, 0, None, 0, 0)", "places memory by a policy of its own (mbind"),
        RefusedState(
            "a time slice",
            """
            attributes = lambda slice: (56).to_bytes(4, "little") + bytes(20) + slice.to_bytes(8, "little") + bytes(24)
            checked(libc.syscall(314, 0, attributes(20000000), 0)); token = os.getpid()
            """, cure: "libc.syscall(314, 0, attributes(0), 0)",
            "thread % (python3) has scheduling attributes of its own"),
        RefusedState(
            "numbers of timers", "checked(libc.prctl(77, 1, 0, 0, 0))", cure: "libc.prctl(77, 0, 0, 0, 0)",
            "chooses the numbers of its timers"),
        RefusedState(
            "a set of semaphores",
            """
            checked(libc.unshare(0x08000000)); s = checked(libc.semget(0, 1, 0o1600)); token = s
            """, cure: "libc.semctl(s, 0, 0)", "there is the System V set of semaphores %: remove it"),
        RefusedState(
            "a message queue",
            """
            checked(libc.unshare(0x08000000)); s = checked(libc.msgget(0, 0o1600)); token = s
            """, cure: "libc.msgctl(s, 0, None)", "there is the System V message queue %: remove it"),
        RefusedState(
            "a POSIX message queue",
            """
            checked(libc.unshare(0x08000000)); q = checked(libc.mq_open(b"/left", 0o102, 0o600, None)); os.close(q)
            """, cure: "libc.mq_unlink(b\"/left\")", "there is the POSIX message queue /left: unlink it"),
        RefusedState(
            "a deleted working directory",
            "p = f\"/tmp/thaw-gone-{os.getpid()}\"; os.mkdir(p); os.chdir(p); os.rmdir(p)", cure: "os.chdir(\"/\")",
            "the runtime's working directory, /tmp/thaw-gone-", "has been deleted"),
        RefusedState(
            "seccomp filters of its own",
            """
            class F(ctypes.Structure): _fields_ = [("l", ctypes.c_ushort), ("p", ctypes.c_char_p)]
            f = F(1, (6).to_bytes(4, "little") + (0x7fff0000).to_bytes(4, "little")); libc.prctl(38, 1, 0, 0, 0)
            for i in range(2): checked(libc.prctl(22, 2, ctypes.byref(f), 0, 0))
            """, cure: nil, "has installed a seccomp filter of its own"),
    ]
}
