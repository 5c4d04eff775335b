"""Takes all it can get of what a kernel counts by user; tells what is left to take. The test runs `attempts` on the host, too."""

import ctypes
import errno
import fcntl
import os
import resource
import signal

libc = ctypes.CDLL(None, use_errno=True)

QUEUED = signal.SIGRTMIN + 5
PIPE = 65536  # bytes, as long as its user has not used up its share
PIPES = 480  # of one process, whose descriptors are 1,024
WATCHES = 400

held = []


def call(name, *arguments):
    result = getattr(libc, name)(*arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    return result


def until_refused(take, most=1 << 20):
    """How many could be had, and the error that ended it."""
    for count in range(most):
        try:
            take()
        except OSError as error:
            return [count, errno.errorcode[error.errno]]
    return [most, None]


def child(work):
    """A process that goes on to hold what `work` took, and what that told."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reader)
            os.write(writer, str(work()).encode())
            os.close(writer)
            while True:
                signal.pause()
        finally:
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader) as told:
        answer = told.read()
    held.append(pid)
    return int(answer)


# Each takes one and keeps it.


def instance():
    held.append(call("inotify_init1", os.O_CLOEXEC))


def queue_signal():
    call("sigqueue", os.getpid(), int(QUEUED), ctypes.c_void_p(0))


def timer():
    call("timer_create", 0, None, ctypes.byref(ctypes.c_void_p()))


def message_queue():
    name = b"/queue-%d-%d" % (os.getpid(), len(held))
    held.append(call("mq_open", name, os.O_CREAT | os.O_RDWR, 0o600, None))
    libc.mq_unlink(name)


def asynchronous():
    call("syscall", 206, 1000, ctypes.byref(ctypes.c_ulong()))  # io_setup


def fork():
    pid = os.fork()
    if pid == 0:
        while True:
            signal.pause()
    held.append(pid)


def large_pipes():
    count = 0
    for _ in range(PIPES):
        ends = os.pipe()
        held.extend(ends)
        count += fcntl.fcntl(ends[0], fcntl.F_GETPIPE_SZ) == PIPE
    return count


def watch():
    """Ends of pipes in epoll sets, each in all."""
    sets = [call("epoll_create1", os.O_CLOEXEC) for _ in range(WATCHES)]
    ends = [os.pipe()[0] for _ in range(200)]
    held.extend([*sets, *ends])
    event = (ctypes.c_uint32 * 3)(1, 0, 0)  # struct epoll_event, EPOLLIN
    count = 0
    for each in sets:
        for end in ends:
            if libc.epoll_ctl(each, 1, end, event) < 0:
                return count
            count += 1
    return count


def take(event):
    signal.pthread_sigmask(signal.SIG_BLOCK, [QUEUED])
    taken = {"watches": child(watch)}
    pipes = []
    while not pipes or pipes[-1] == PIPES and len(pipes) < 8:
        pipes.append(child(large_pipes))
    taken["large pipes"] = sum(pipes)
    taken["instances"] = until_refused(instance)
    taken["message queues"] = until_refused(message_queue)
    taken["asynchronous I/O"] = until_refused(asynchronous)
    taken["signals"] = until_refused(queue_signal)
    taken["timers"] = until_refused(timer)
    taken["files"] = until_refused(lambda: held.append(os.dup(0)))
    taken["processes"] = until_refused(fork)
    return taken


def attempts():
    """One of each, given back; those that there was none of, and why."""
    found = {}
    for name, attempt in ATTEMPTS.items():
        try:
            attempt()
        except OSError as error:
            found[name] = errno.errorcode[error.errno]
    return found


def one_instance():
    os.close(call("inotify_init1", os.O_CLOEXEC))


def one_signal():
    signal.pthread_sigmask(signal.SIG_BLOCK, [QUEUED])
    queue_signal()
    signal.sigwaitinfo([QUEUED])
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [QUEUED])


def one_timer():
    timer = ctypes.c_void_p()
    call("timer_create", 0, None, ctypes.byref(timer))
    call("timer_delete", timer)


def one_message_queue():
    before = len(held)
    message_queue()
    os.close(held.pop(before))


def one_large_pipe():
    ends = os.pipe()
    size = fcntl.fcntl(ends[0], fcntl.F_GETPIPE_SZ)
    for end in ends:
        os.close(end)
    if size < PIPE:
        raise OSError(errno.ENOBUFS, "a pipe has shrunk")


def one_watch():
    made, ends = call("epoll_create1", os.O_CLOEXEC), os.pipe()
    try:
        call("epoll_ctl", made, 1, ends[0], (ctypes.c_uint32 * 3)(1, 0, 0))
    finally:
        for each in (made, *ends):
            os.close(each)


def one_process():
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


ATTEMPTS = {
    "instance": one_instance,
    "asynchronous I/O": asynchronous,
    "signal": one_signal,
    "timer": one_timer,
    "message queue": one_message_queue,
    "large pipe": one_large_pipe,
    "watch": one_watch,
    "file": lambda: os.close(os.dup(0)),
    "process": one_process,
}


def limits(event):
    names = ("max_user_namespaces", "max_inotify_instances", "max_inotify_watches")
    return {
        "signals": resource.getrlimit(resource.RLIMIT_SIGPENDING),
        "message queue bytes": resource.getrlimit(resource.RLIMIT_MSGQUEUE),
        **{name: int(open(f"/proc/sys/user/{name}").read()) for name in names},
    }


def handler(event, context):
    return {"take": take, "attempts": lambda _: attempts(), "limits": limits}[event["do"]](event)
