extension CarriedState {
    /// Files and memory that each clone has for itself; the program has /tmp for itself, too.
    static let files: [CarriedState] = [
        CarriedState(
            "a database",
            """
            import sqlite3
            c = sqlite3.connect("/tmp/d.db"); c.execute("create table t (a)"); c.commit()
            def insert():
                c.execute("insert into t values (2)"); c.commit()
                return c.execute("pragma integrity_check").fetchone() == ("ok",)
            """, look: "(c, os.stat(\"/tmp/d.db\").st_ino)[1]", proof: "insert()"),
        CarriedState(
            "a database among many files",
            """
            import sqlite3
            for i in range(300): open(f"/tmp/cache{i}", "wb").write(b"content" * 1200)
            c = sqlite3.connect("/tmp/d.db"); c.execute("create table t (a)"); c.commit()
            def insert():
                c.execute("insert into t values (2)"); c.commit()
                return c.execute("pragma integrity_check").fetchone() == ("ok",)
            """, look: "(c, sorted(e.inode() for e in os.scandir(\"/tmp\")))[1]", proof: "insert()"),
        CarriedState(
            "a database with a log of its own",
            """
            import sqlite3
            c = sqlite3.connect("/tmp/w.db"); c.execute("pragma journal_mode=wal"); c.execute("create table t (a)"); c.commit()
            other = sqlite3.connect("/tmp/w.db"); other.execute("select * from t").fetchall()
            def insert():
                c.execute("insert into t values (2)"); c.commit()
                return len(other.execute("select * from t").fetchall()) > 0
            """, look: "(c, [os.stat(\"/tmp/w.db\" + end).st_ino for end in (\"\", \"-wal\", \"-shm\")])[1]",
            proof: "insert()"),
        CarriedState(
            "locks",
            """
            files = [open(f"/tmp/lock{i}", "w") for i in range(4)]
            fcntl.flock(files[0], fcntl.LOCK_EX); fcntl.lockf(files[1], fcntl.LOCK_EX, 10, 20)
            fcntl.fcntl(files[2], 37, struct.pack("hhqqi4x", 1, 0, 5, 0, 0))
            gone = files[3]; os.unlink(gone.name); fcntl.flock(gone, fcntl.LOCK_EX)
            def locked(f):
                g = open(f"/proc/self/fd/{f.fileno()}", "w")
                found = struct.unpack("hhqqi4x", fcntl.fcntl(g, 36, struct.pack("hhqqi4x", 1, 0, 0, 0, 0)))[:4]
                try: fcntl.flock(g, fcntl.LOCK_EX | fcntl.LOCK_NB); return found
                except BlockingIOError: return "flock"
            def lines(f):
                words = [l.split() for l in proc(f"fdinfo/{f.fileno()}").splitlines() if l.startswith("lock")]
                return [w[2:5] + w[-2:] for w in words]
            """, look: "([locked(f) for f in files[:1] + files[2:]], [lines(f) for f in files])"),
        CarriedState(
            "shared memory without a name",
            """
            m = mmap.mmap(-1, 3 << 20); m[5:8] = b"abc"; m[2 << 20] = 7
            def grown():
                value = m[100]
                child = os.fork() or (m.__setitem__(100, value + 1), os._exit(0)); os.waitpid(child, 0)
                return m[100] == value + 1
            """, look: "(m[5:8], m[2 << 20], m[1 << 20])", proof: "grown()"),
        CarriedState(
            "memory with a name, mapped twice, in parts",
            """
            f = os.memfd_create("heap", 2); os.ftruncate(f, 12288); os.pwrite(f, b"abc", 4100); checked(libc.fcntl(f, 1033, 6))
            a = mmap.mmap(f, 12288); b = mmap.mmap(f, 4096, offset=4096); os.lseek(f, 7, 0); g = os.open(f"/proc/self/fd/{f}", 0)
            name = lambda: os.readlink(f"/proc/self/fd/{f}")
            """, look: "(b[4:7], libc.fcntl(f, 1034), os.lseek(f, 0, 1), os.fstat(g).st_size, name())",
            proof: "(a.__setitem__(4099, 9), b[3], os.pread(g, 1, 4099))[1:] == (9, b\"\\t\")"),
        CarriedState(
            "private memory that began as memory with a name, which is closed",
            """
            f = os.memfd_create("context", 3); os.ftruncate(f, 4096); os.pwrite(f, b"abc", 10); a = page(2, f); os.close(f)
            ctypes.memset(a, 9, 2); checked(libc.madvise(a, 4096, 10)); read = lambda at: ctypes.string_at(a.value + at, 3)
            """, look: "(read(0), read(10), \"dc\" in flags(a))",
            proof: "(ctypes.memset(a.value + 100, 7, 1), read(100)[0])[1] == 7"),
        CarriedState(
            "memory that prefers a node",
            """
            a = page(0x22); checked(libc.syscall(237, a, 4096, 1, None, 0, 0)); checked(libc.syscall(238, 1, None, 0))
            b = page(0x22); nodes = ctypes.c_ulong(1); checked(libc.syscall(237, b, 4096, 1, ctypes.byref(nodes), 64, 0))
            ctypes.memset(a, 5, 3); ctypes.memset(b, 6, 3)
            """, look: "(ctypes.string_at(a.value, 3), ctypes.string_at(b.value, 3))"),
        CarriedState(
            "mapped files",
            """
            f = open("/tmp/m", "w+b"); f.write(b"content" * 2000); f.flush(); m = mmap.mmap(f.fileno(), 0); f.close()
            r = mmap.mmap(os.open("/tmp/m", 0), 0, prot=1); gone = tempfile.TemporaryFile(dir="/tmp"); gone.write(b"x" * 5000)
            gone.flush(); n = mmap.mmap(gone.fileno(), 0); again = open(f"/proc/self/fd/{gone.fileno()}", "rb")
            """, look: "(m[-7:], r[:7], n[4999], gone.tell(), os.stat(\"/tmp/m\").st_ino)",
            proof: "(m.__setitem__(9, 3), open(\"/tmp/m\", \"rb\").read()[9], r[9]) == (None, 3, 3) and "
                + "(n.__setitem__(1, 5), again.seek(1), again.read(1)) == (None, 1, b\"\\x05\")"),
        CarriedState(
            "watches of files",
            """
            f = checked(libc.inotify_init1(0o4000)); os.mkdir("/tmp/seen"); open("/tmp/seen/own", "w").close()
            def watch(path, events): return checked(libc.inotify_add_watch(f, path, events))
            watch(b"/tmp", 0x100); gone = watch(b"/etc", 2); checked(libc.inotify_rm_watch(f, gone))
            watch(b"/tmp/seen", 0x3C0); watch(b"/tmp/seen/own", 0x82); watch(b"/usr/bin", 0x84000200); os.read(f, 4096)
            def told():
                found, data = [], os.read(f, 4096)
                while data:
                    number, events, _, length = struct.unpack("iIII", data[:16])
                    found.append((number, events, data[16:16 + length].rstrip(b"\\0"))); data = data[16 + length:]
                return found
            def silent():
                try: return os.read(f, 4096)
                except BlockingIOError: return True
            def seen():
                open("/tmp/seen/own", "w").write("x"); open("/tmp/seen/new", "w").close(); os.unlink("/tmp/seen/new")
                return told() == [(4, 2, b""), (3, 256, b"new"), (3, 512, b"new")]
            lines = lambda: [l.split()[1::3][0] + l.split()[4] for l in proc(f"fdinfo/{f}").splitlines() if "wd:" in l]
            """, look: "(sorted(lines()), silent())", proof: "seen()"),
        CarriedState(
            "a watch of files that are read, as the freeze reads them",
            """
            f = checked(libc.inotify_init1(0o4000)); os.mkdir("/tmp/w"); open("/tmp/w/x", "w").write("abc")
            checked(libc.inotify_add_watch(f, b"/tmp/w", 0x31))
            def news():
                try: return len(os.read(f, 4096))
                except BlockingIOError: return 0
            def reading():
                before = news(); open("/tmp/w/x").read()
                return before, news()
            """, look: "reading()", proof: "news() == 0"),
        CarriedState(
            "a tree of files",
            """
            os.makedirs("/tmp/a/b"); open("/tmp/a/b/one", "w").write("1"); os.chmod("/tmp/a/b/one", 0o640)
            os.link("/tmp/a/b/one", "/tmp/two"); os.symlink("b/one", "/tmp/a/link"); os.mkfifo("/tmp/a/fifo", 0o600)
            for i in range(20): open("/tmp/gone", "w"); os.unlink("/tmp/gone")
            f = open("/tmp/sparse", "wb"); f.truncate(1 << 30); f.seek(1 << 20); f.write(b"x"); f.close()
            os.utime("/tmp/two", (1000000000.5, 1100000000.25)); os.mkdir("/tmp/late"); os.rename("/tmp/a/b", "/tmp/late/b")
            os.utime("/tmp/late", (5, 6)); os.chmod("/tmp/late", 0o1751)
            def tree():
                found = []
                for place, directories, files in os.walk("/tmp"):
                    directories.sort()
                    for name in sorted(directories + files):
                        s = os.lstat(os.path.join(place, name))
                        found.append((place, name, s.st_ino, oct(s.st_mode), s.st_nlink, s.st_size, s.st_blocks, s.st_mtime_ns))
                return found
            """, look: "hashlib.md5(repr(tree()).encode()).hexdigest()",
            proof: "os.readlink(\"/tmp/a/link\") == \"b/one\" and open(\"/tmp/two\").read() == \"1\" and "
                + "len({os.lstat(p).st_dev for p in (\"/tmp\", \"/tmp/two\", \"/tmp/late/b\")}) == 1"),
    ]
}
