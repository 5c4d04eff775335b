"""The programs of states/programs: what states there are, and how their `bootstrap`s are made.

A state is named as its function's handler: PROGRAM, or PROGRAM.VARIANT."""

import concurrent.futures
import io
import os
import pathlib
import subprocess
import zipfile

SOURCES = pathlib.Path(__file__).resolve().parent / "states" / "programs"
SHARED = ["runtime.c", "support.c"]
MORE = {"escape": ["escape_system.c", "escape_process.c"]}
# Linked dynamically: what it loads is what it is about.
DYNAMIC = {"libraries"}
FLAGS = [
    "-std=gnu17", "-D_GNU_SOURCE", "-O2", "-g", "-pthread", "-Wall", "-Wextra", "-Werror", "-Wno-return-type",
    "-Wno-missing-field-initializers",
]

CARRIED = [
    "altstack", "altstack.once", "altstack.once-next", "children", "connections", "deleted", "descriptors",
    "epolls", "events", "files", "files.links", "hugepages", "itimers", "itimers.far", "libraries", "locks",
    "madvise", "masks", "memory", "pipes", "process", "registers", "restart", "rseq", "scheduling",
    "scheduling.affinity", "shared", "signals", "signals.next", "sockets", "stack", "storm", "threads.1",
    "threads.2", "threads.17", "threads.60", "threads.2-next", "timerfds", "timers", "tls", "vdso", "wake",
]

# Carried as they are, or refused in these words; never lost in silence.
EITHER = {
    "descriptors.proc": r"fd \d+ .*/proc/",
    "madvise.droppable": "mapping at",
    "madvise.guard": "guard page|\"gu\"",
    "madvise.key": "protection key",
    "madvise.locked": "locked into memory",
    "madvise.sealed": "is sealed",
    "scheduling.io": "priority",
    "scheduling.membarrier": "membarrier",
    "scheduling.nice": "nice value",
    "scheduling.no-thp": "huge pages",
    "scheduling.no-tsc": "PR_SET_TSC|time stamp",
    "scheduling.not-dumpable": "dump",
    "scheduling.parent-death": "PDEATHSIG|parent",
    "scheduling.policy": "scheduling policy",
    "scheduling.session": "session",
    "scheduling.slack": "slack",
    "scheduling.subreaper": "subreaper",
    "timers.thread-clock": r"timer \d+ runs by",
    "timers.other-thread-clock": r"timer \d+ runs by",
}

# What the reason must say. Programs print what else it must contain.
REFUSED = {
    "refused.child": "asks for signal 9 when its parent ends",
    "refused.sharing-child": "has its memory, descriptors or directory in common with",
    "refused.own-files": r"thread \d+ \(.*\) has .*descriptors of its own",
    "refused.own-directory": r"thread \d+ \(.*\) has .*directory .*of its own",
    "refused.sysv": "is System V shared memory",
    "refused.shm": "/the-shm",
    "refused.aio": "aio",
    "refused.pending": "signal 12 waits to be handled",
    "refused.pending-thread": "signal 35 waits to be handled",
    "refused.secret": "secretmem",
    "refused.seccomp": "has installed a seccomp filter of its own",
    "refused.landlock": "[Ll]andlock",
    "refused.deleted-directory": "working directory, .*/the-directory.*, has been deleted",
    "refused.traced": "traced",
    "refused_descriptors.tcp": r"fd 77 is a connected TCP socket to 127\.0\.0\.1:\d+: close it in a before-snapshot hook",
    "refused_descriptors.unconnected-tcp": r"fd \d+ is a TCP socket that is not connected",
    "refused_descriptors.unconnected-unix": r"fd \d+ is a Unix socket that is not connected",
    "refused_descriptors.unix": r"fd \d+ listens on .*/connected and has connections that nobody accepted",
    "refused_descriptors.pair-content": r"fd \d+ is a Unix socket with \d+ unread bytes",
    "refused_descriptors.datagram": r"fd \d+ is a UDP socket with unread datagrams",
    "refused_descriptors.backlog": r"fd \d+ listens and has 1 connections? that nobody accepted",
    "refused_descriptors.inotify": r"fd \d+ watches files \(inotify\), of which one cannot be found",
    "refused_descriptors.io-uring": r"fd \d+ is an io_uring",
    "refused_descriptors.pty": r"fd \d+ is a terminal",
    "refused_descriptors.netlink": r"fd \d+ is a netlink socket",
    "refused_descriptors.raw": r"fd \d+ is a socket of family",
    "refused_descriptors.lease": r"fd \d+ \(.*/the-locked-file\) holds a file lock",
    "refused_descriptors.pidfd": r"fd \d+ is a pidfd",
    "refused_descriptors.userfaultfd": r"fd \d+ is .*userfaultfd",
    "refused_descriptors.fanotify": r"fd \d+ is .*fanotify",
    "refused_descriptors.queue": r"fd \d+ is /the-queue",
    "refused_descriptors.rights": r"fd \d+ is a Unix socket with \d+ unread bytes",
    "refused_descriptors.ghost-watch": r"fd \d+ \(epoll\) watches what was fd \d+",
    "refused_descriptors.packets": r"fd \d+ is a pipe (of packets|whose content)",
    "refused_descriptors.fifo": r"fd \d+ is a named pipe, .*/the-fifo",
    "refused_descriptors.async": r"fd \d+ sends signals when it is ready \(O_ASYNC\)",
}

# Those that a sandbox cannot even get into, and the error it sees.
DENIED = {
    "refused.aio": {"ENOSYS"},
    "refused.landlock": {"EPERM", "ENOSYS", "EOPNOTSUPP"},
    "refused.secret": {"ENOSYS", "EPERM"},
    "refused.shm": {"ENOENT", "EACCES"},
    "refused.traced": {"EPERM"},
    "refused_descriptors.io-uring": {"EPERM"},
    "refused_descriptors.pty": {"ENOENT", "EACCES", "ENODEV"},
    "refused_descriptors.raw": {"EPERM"},
    "refused_descriptors.userfaultfd": {"EPERM"},
}

PROGRAMS = sorted({state.partition(".")[0] for state in (*CARRIED, *EITHER, *REFUSED)} | {"escape"})


def build(directory, programs=PROGRAMS):
    """Compiles into a directory; gives the executables by program. What is newer than all sources is left alone."""
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    newest = max(source.stat().st_mtime for source in (*SOURCES.iterdir(), pathlib.Path(__file__)))

    def make(program):
        executable = directory / program
        if not executable.exists() or executable.stat().st_mtime < newest:
            sources = [f"{program}.c", *MORE.get(program, []), *SHARED]
            made = directory / f"{program}.new"
            linking = ["-ldl"] if program in DYNAMIC else ["-static"]
            subprocess.run(["gcc", *FLAGS, "-o", made, *(SOURCES / name for name in sources), *linking], check=True)
            made.rename(executable)
        return executable

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(programs, pool.map(make, programs)))


def archive(executable):
    """A function's zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        entry = zipfile.ZipInfo("bootstrap")
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o755 << 16
        archive.writestr(entry, executable.read_bytes())
    return buffer.getvalue()
