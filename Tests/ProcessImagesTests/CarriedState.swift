import Testing

/// State of a program that its clones must have, too.
struct CarriedState: CustomTestStringConvertible, Sendable {
    let name: String
    /// Python; makes the state.
    let setup: String
    /// Python, an expression: what is to be the same in a clone, and other than it was before.
    let look: String
    /// What is asked of a clone beyond that, an expression that is true.
    let proof: String

    init(_ name: String, _ setup: String, look: String, proof: String = "True") {
        self.name = name
        self.setup = setup
        self.look = look
        self.proof = proof
    }

    var testDescription: String { name }

    /// Says for every SIGUSR1 what it is like.
    var program: String {
        """
        import errno, pathlib, struct
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
        libc = ctypes.CDLL(None, use_errno=True)
        libc.mmap.restype = ctypes.c_void_p
        page = lambda flags, fd=-1: ctypes.c_void_p(libc.mmap(None, 4096, 3, flags, fd, 0))
        def checked(result):
            if result < 0: raise OSError(ctypes.get_errno(), "system call")
            return result
        proc = lambda name: pathlib.Path("/proc/self/" + name).read_text().strip()
        def flags(address):
            inside, found = False, ""
            for line in proc("smaps").splitlines():
                if "-" in line.split()[0]: inside = line.startswith(f"{address.value:x}-")
                if inside and line.startswith("VmFlags:"): found = line
            return found
        def option(s, level, name, size=4): return s.getsockopt(level, name, size).hex()
        def filter(*instructions):
            code = b"".join(struct.pack("=HBBI", *each) for each in instructions)
            keep = ctypes.create_string_buffer(code)
            return keep, struct.pack("=HxxxxxxQ", len(instructions), ctypes.addressof(keep))
        DROP_ALL = ((6, 0, 0, 0),)
        SAME_FIRST_BYTE_ONLY = ((48, 0, 0, 8), (21, 0, 1, ord("a")), (6, 0, 0, 65535), (6, 0, 0, 0))
        def udp():
            s = socket.socket(type=socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0)); return s
        def received(s, *datagrams):
            with socket.socket(type=socket.SOCK_DGRAM) as sender:
                for each in datagrams: sender.sendto(each, s.getsockname())
            found = []
            try:
                while True: found.append(s.recv(100, socket.MSG_DONTWAIT))
            except BlockingIOError: return found
        look = lambda: \(look)
        before = None
        try: before = look()
        except NameError: pass
        \(setup)
        print("ready" if look() != before else f"it has no effect: {before}")
        while True:
            signal.sigwait([signal.SIGUSR1])
            print(look(), \(proof))
        """
    }
}

extension CarriedState {
    private static func option(
        _ name: String, of socket: String, _ level: Int, _ number: Int, _ value: String
    ) -> CarriedState {
        CarriedState(
            name,
            "s = \(socket); s.setsockopt(\(level), \(number), \(value)); getattr(s, \"finish\", lambda: None)()",
            look: "option(s, \(level), \(number), 64)")
    }

    private static let datagrams = "socket.socket(type=socket.SOCK_DGRAM)"
    private static let datagrams6 = "socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)"
    private static let listener = "socket.create_server((\"127.0.0.1\", 0))"

    /// Options that listeners and datagram sockets have: level, number, value.
    static let options: [CarriedState] = [
        option("SO_KEEPALIVE", of: listener, 1, 9, "1"), option("SO_RCVBUF", of: listener, 1, 8, "54321"),
        option("SO_SNDBUF", of: listener, 1, 7, "65432"),
        option("SO_LINGER", of: listener, 1, 13, "struct.pack(\"ii\", 1, 7)"),
        option("SO_RCVTIMEO", of: listener, 1, 20, "struct.pack(\"qq\", 3, 500000)"),
        option("SO_SNDTIMEO", of: listener, 1, 21, "struct.pack(\"qq\", 4, 0)"),
        option("SO_RCVLOWAT", of: listener, 1, 18, "5"), option("SO_PRIORITY", of: listener, 1, 12, "3"),
        option("SO_REUSEPORT", of: listener, 1, 15, "1"), option("SO_OOBINLINE", of: listener, 1, 10, "1"),
        option("SO_MAX_PACING_RATE", of: listener, 1, 47, "1000000"), option("SO_ZEROCOPY", of: listener, 1, 60, "1"),
        option("TCP_NODELAY", of: listener, 6, 1, "1"), option("TCP_MAXSEG", of: listener, 6, 2, "1000"),
        option("TCP_KEEPIDLE", of: listener, 6, 4, "11"), option("TCP_KEEPINTVL", of: listener, 6, 5, "12"),
        option("TCP_KEEPCNT", of: listener, 6, 6, "3"), option("TCP_SYNCNT", of: listener, 6, 7, "2"),
        option("TCP_LINGER2", of: listener, 6, 8, "9"), option("TCP_DEFER_ACCEPT", of: listener, 6, 9, "5"),
        option("TCP_WINDOW_CLAMP", of: listener, 6, 10, "40000"),
        option("TCP_CONGESTION", of: listener, 6, 13, "b\"reno\""),
        option("TCP_USER_TIMEOUT", of: listener, 6, 18, "7000"), option("TCP_FASTOPEN", of: listener, 6, 23, "8"),
        option("TCP_NOTSENT_LOWAT", of: listener, 6, 25, "30000"), option("TCP_SAVE_SYN", of: listener, 6, 27, "1"),
        option("IP_TOS", of: listener, 0, 1, "16"), option("IP_TTL", of: listener, 0, 2, "7"),
        CarriedState(
            "IPV6_V6ONLY", "s = socket.create_server((\"::1\", 0), family=socket.AF_INET6)", look: "option(s, 41, 26)"),
        option("SO_BROADCAST", of: datagrams, 1, 6, "1"), option("SO_RXQ_OVFL", of: datagrams, 1, 40, "1"),
        option("SO_TIMESTAMPNS", of: datagrams, 1, 35, "1"), option("SO_TIMESTAMPING", of: datagrams, 1, 37, "24"),
        option("SO_BINDTODEVICE", of: datagrams, 1, 25, "b\"lo\""), option("SO_NO_CHECK", of: datagrams, 1, 11, "1"),
        option("IP_PKTINFO", of: datagrams, 0, 8, "1"), option("IP_MTU_DISCOVER", of: datagrams, 0, 10, "2"),
        option("IP_RECVERR", of: datagrams, 0, 11, "1"), option("IP_RECVTTL", of: datagrams, 0, 12, "1"),
        option("IP_RECVTOS", of: datagrams, 0, 13, "1"), option("IP_FREEBIND", of: datagrams, 0, 15, "1"),
        option("IP_MINTTL", of: datagrams, 0, 21, "3"), option("IP_MULTICAST_TTL", of: datagrams, 0, 33, "4"),
        option("IP_MULTICAST_LOOP", of: datagrams, 0, 34, "0"), option("IP_MULTICAST_ALL", of: datagrams, 0, 49, "0"),
        option("IP_MULTICAST_IF", of: datagrams, 0, 32, "socket.inet_aton(\"127.0.0.1\")"),
        option("IP_UNICAST_IF", of: datagrams, 0, 50, "struct.pack(\">i\", 1)"),
        option("UDP_SEGMENT", of: datagrams, 17, 103, "1000"), option("UDP_GRO", of: datagrams, 17, 104, "1"),
        option("IPV6_UNICAST_HOPS", of: datagrams6, 41, 16, "9"), option("IPV6_TCLASS", of: datagrams6, 41, 67, "32"),
        option("IPV6_RECVPKTINFO", of: datagrams6, 41, 49, "1"), option("IPV6_DONTFRAG", of: datagrams6, 41, 62, "1"),
        option("SO_PASSCRED", of: "socket.socketpair()[0]", 1, 16, "1"),
    ]

    static let others: [CarriedState] = [
        CarriedState(
            "a filter that lets nothing pass",
            "s = udp(); keep, f = filter(*DROP_ALL); s.setsockopt(1, 26, f); s.setsockopt(1, 44, 1)",
            look: "(received(s, b\"x\"), option(s, 1, 44))", proof: "received(s, b\"abc\") == []"),
        CarriedState(
            "a filter that lets some pass",
            "s = udp(); keep, f = filter(*SAME_FIRST_BYTE_ONLY); s.setsockopt(1, 26, f)",
            look: "received(s, b\"ab\", b\"bb\", b\"ac\")", proof: "received(s, b\"b\", b\"a\") == [b\"a\"]"),
        CarriedState(
            "a filter of a socket pair",
            "a, b = socket.socketpair(type=socket.SOCK_DGRAM); keep, f = filter(*DROP_ALL); b.setsockopt(1, 26, f)",
            look: "(a.send(b\"x\"), select.select([b], [], [], 0)[0])"),
        CarriedState(
            "what may be written may not be executed", "checked(libc.prctl(65, 1, 0, 0, 0))",
            look: "libc.prctl(66, 0, 0, 0, 0)",
            proof: "libc.mprotect(page(0x22), 4096, 5) == -1 and ctypes.get_errno() == errno.EACCES"),
        CarriedState(
            "merging of memory", "checked(libc.prctl(67, 1, 0, 0, 0))", look: "libc.prctl(68, 0, 0, 0, 0)"),
        CarriedState(
            "mergeable memory", "a = page(0x22); checked(libc.madvise(a, 4096, 12))", look: "\"mg\" in flags(a)"),
        CarriedState(
            "memory read at random", "a = page(0x22); checked(libc.madvise(a, 4096, 1))", look: "\"rr\" in flags(a)"),
        CarriedState(
            "memory read in order", "a = page(0x22); checked(libc.madvise(a, 4096, 2))", look: "\"sr\" in flags(a)"),
        CarriedState(
            "the policy for broken memory", "checked(libc.prctl(33, 1, 1, 0, 0))", look: "libc.prctl(34, 0, 0, 0, 0)"),
        CarriedState(
            "the score for lack of memory", "open(\"/proc/self/oom_score_adj\", \"w\").write(\"345\")",
            look: "proc(\"oom_score_adj\")"),
        CarriedState(
            "what a core dump has", "open(\"/proc/self/coredump_filter\", \"w\").write(\"0x7f\")",
            look: "proc(\"coredump_filter\")"),
        CarriedState(
            "a thread's processor",
            """
            b = threading.Barrier(2)
            t = threading.Thread(target=lambda: (os.sched_setaffinity(0, [0]), b.wait(), b.wait()), daemon=True)
            t.start(); b.wait()
            """, look: "os.sched_getaffinity(t.native_id)",
            proof: "os.sched_getaffinity(0) != {0} or os.cpu_count() == 1"),
        CarriedState(
            "connections within a process",
            """
            l = socket.create_server(("127.0.0.1", 0)); l6 = socket.create_server(("::", 0), family=10, dualstack_ipv6=True)
            gone = socket.create_server(("127.0.0.1", 0))
            def pair(listener, port):
                c = socket.create_connection(("127.0.0.1", port)); return c, listener.accept()[0]
            a, b, c, d = (pair(each, each.getsockname()[1]) for each in (l, l6, gone, l)); gone.close()
            a[0].send(b"abc"); a[1].send(b"wxyz" * 5000); b[1].setblocking(False); b[1].setsockopt(6, 1, 1)
            c[1].send(b"rest"); c[1].shutdown(1); e = select.epoll(); e.register(a[0], 1); again = a[1].dup()
            def seen(each):
                try: found = each.recv(99999, socket.MSG_PEEK | socket.MSG_DONTWAIT)
                except BlockingIOError: found = None
                return each.getsockname(), each.getpeername(), found, os.get_blocking(each.fileno()), each.getsockopt(6, 1)
            """, look: "([seen(each) for pair in (a, b, c) for each in pair], len(e.poll(0)), again.getpeername())",
            proof: "d[0].send(b\"x\") + d[1].send(b\"yz\") + len(d[0].recv(2) + d[1].recv(1)) == 6 and "
                + "bool(socket.create_connection(l.getsockname()) and l.accept())"),
        CarriedState(
            "connected datagrams",
            "r = udp(); s = udp(); s.connect(r.getsockname()); free = socket.socket(type=socket.SOCK_DGRAM); "
                + "free.connect(r.getsockname())",
            look: "(s.getpeername(), s.getsockname(), free.getpeername(), free.getsockname())",
            proof: "s.send(b\"a\") == free.send(b\"b\") and {r.recv(9), r.recv(9)} == {b\"a\", b\"b\"}"),
        CarriedState(
            "children that nobody waited for",
            """
            def ended(body):
                c = os.fork() or body()
                os.waitid(os.P_PID, c, os.WEXITED | os.WNOWAIT); return c
            signal.signal(signal.SIGCHLD, lambda *_: told.append(1)); told = []
            children = [ended(lambda: os._exit(7)), ended(lambda: os.kill(os.getpid(), signal.SIGKILL))]
            looks = lambda c: (lambda i: (i.si_code, i.si_status))(os.waitid(os.P_PID, c, os.WEXITED | os.WNOWAIT))
            """, look: "(children, [looks(c) for c in children], len(told))"),
        CarriedState("one processor", "os.sched_setaffinity(0, [0])", look: "os.sched_getaffinity(0)"),
        CarriedState(
            "the permissions of an unnamed file",
            "f = tempfile.TemporaryFile(dir=\"/tmp\"); os.fchmod(f.fileno(), 0o444)",
            look: "oct(os.fstat(f.fileno()).st_mode)"),
        CarriedState(
            "limits below what the program has",
            """
            f = tempfile.TemporaryFile(); f.write(bytes(range(256)) * 4096); f.flush()
            threading.Thread(target=signal.pause, daemon=True).start()
            libc.timer_create(1, None, ctypes.byref(ctypes.c_void_p()))
            for kind in (resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC, 11): resource.setrlimit(kind, (1, 1))
            """, look: "[resource.getrlimit(kind) for kind in range(16)]",
            proof: "os.fstat(f.fileno()).st_size == 1 << 20"),
        CarriedState(
            "the protocol of a listener", "s = socket.socket(proto=262); s.bind((\"127.0.0.1\", 0)); s.listen()",
            look: "s.getsockopt(1, 38)", proof: "bool(socket.create_connection(s.getsockname()) and s.accept())"),
    ]
}
