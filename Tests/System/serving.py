"""A real server, its clients, and the commands that work beside it."""

import concurrent.futures
import os
import pathlib
import re
import signal
import subprocess
import threading

import host
import lambdas

# Generous, because the machine may be busy and its guests emulated; tests that are about a limit set their own. Without
# egress a server changes nothing about what this machine forwards; tests that are about it have a network of their own.
OPTIONS = (
    "--max-sandboxes", "4", "--restore-limit", "100", "--init-limit", "180", "--ready", "1", "--egress", "none",
)  # fmt: skip


def tuned(isolation, *options):
    """The usual options with some replaced."""
    chosen = {"--isolation": isolation}
    for given in (OPTIONS, options):
        chosen.update(zip(given[::2], given[1::2]))
    # The tests count sandboxes, and a seed that is made in the background is one for a moment.
    return (*(word for pair in chosen.items() for word in pair), "--no-seeds")


class Lines:
    """The lines of a pipe, collected as they come."""

    def __init__(self, stream):
        self.lines = []
        self.ended = False
        self._changed = threading.Condition()
        self._stream = stream
        self._thread = threading.Thread(target=self._collect, daemon=True)
        self._thread.start()

    def _collect(self):
        for line in self._stream:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self.ended = True
            self._changed.notify_all()

    def matches(self, pattern):
        return [found for line in list(self.lines) if (found := re.search(pattern, line))]

    def expect(self, pattern, count=1, seconds=60):
        """Waits until as many lines match; gives the last of them."""
        with self._changed:
            enough = self._changed.wait_for(lambda: len(self.matches(pattern)) >= count or self.ended, seconds)
            found = self.matches(pattern)
            text = "\n".join(self.lines[-40:])
        assert enough and len(found) >= count, f"{len(found)} of {count} lines match {pattern!r}:\n{text}"
        return found[count - 1]


class Server:
    """`thaw serve` on a free port."""

    def __init__(self, thaw, state, isolation, *options, through=()):
        """`through` is a command that runs the command it is given."""
        self.thaw = thaw
        self.state = pathlib.Path(state)
        self.isolation = isolation
        self.options = tuned(isolation, *options)
        self.process = subprocess.Popen(
            [*through, thaw, "serve", "--port", "0", "--state-dir", state, *self.options],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
        self.log = Lines(self.process.stderr)
        try:
            self.endpoint = self.log.expect(r"(?<=serving )https?://127\.0\.0\.1:\d+", seconds=60).group()
        except BaseException:
            self.kill()
            raise
        self.client = lambdas.connect(self.endpoint)

    @property
    def pid(self):
        return self.process.pid

    def machines(self):
        """The processes that its sandboxes are, prepared ones included: virtual machines, or runtimes."""
        return host.SANDBOXES[self.isolation](self.pid)

    def invoke(self, function, event, qualifier="1", **arguments):
        return lambdas.invoke(self.client, function, event, Qualifier=qualifier, **arguments)

    def works(self, function):
        """Serves an invocation, which proves that whatever came before did no harm."""
        payload, response = self.invoke(function, {"do": "echo", "value": 1})
        assert payload == {"do": "echo", "value": 1}, response
        return True

    def stop(self, seconds=60):
        """Ends it as an operator does; gives the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self._ended(seconds)

    def kill(self):
        """Ends it as a crash does, and waits until its machines are gone too."""
        machines = self.machines()
        if self.process.poll() is None:
            self.process.kill()
        self._ended(30)
        return host.gone(machines)

    def _ended(self, seconds):
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("the server did not end; it said:\n" + "\n".join(self.log.lines[-40:])) from None


class Servers:
    """One server at a time over one state directory; started anew only when its options differ."""

    def __init__(self, thaw, state, isolation):
        self.thaw = thaw
        self.state = state
        self.isolation = isolation
        self.current = None

    def running(self, *options, fresh=False):
        wanted = tuned(self.isolation, *options)
        current = self.current
        if current and not fresh and current.options == wanted and current.process.poll() is None:
            return current
        self.stop()
        self.current = Server(self.thaw, self.state, self.isolation, *options)
        return self.current

    def stop(self):
        """Down when it returns. A server that does not stop well fails the test that asked."""
        current, self.current = self.current, None
        if current and current.process.poll() is None:
            status = current.stop()
            assert status == 0, f"status {status}; the server said:\n" + "\n".join(current.log.lines[-40:])


class Busy:
    """Invocations that run at the same time: inside, all have begun."""

    def __init__(self, server, function, action, count=1, **event):
        self.name = lambdas.unique("call")
        self.count = count
        self.pattern = f"^(describing|waiting) {self.name}$"
        self._follower = Follower(server.thaw, server.state, function)
        self._pool = concurrent.futures.ThreadPoolExecutor(count)
        self._calls = [
            self._pool.submit(server.invoke, function, {"do": action, "as": self.name, **event}) for _ in range(count)
        ]

    def __enter__(self):
        try:
            with self._follower as output:
                output.expect(self.pattern, self.count)
        except BaseException:
            self._pool.shutdown(wait=False)
            raise
        return self

    def __exit__(self, *_):
        self._pool.shutdown()

    def answers(self):
        """What each call answered; raises what the first of them raised."""
        return [call.result(90)[0] for call in self._calls]


class Follower:
    """`thaw logs FUNCTION --follow`."""

    def __init__(self, thaw, state, function):
        self.process = subprocess.Popen(
            [thaw, "logs", function, "--follow", "--state-dir", state],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        self.output = Lines(self.process.stdout)

    def __enter__(self):
        return self.output

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)


def logs(thaw, state, function, *options):
    """What `thaw logs` shows, in lines."""
    done = subprocess.run(
        [thaw, "logs", function, "--state-dir", state, *options], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def streams(thaw, state, function, version):
    """The same by log stream, oldest first. The later lines of an event follow its first, without time and stream."""
    found = {}
    for line in logs(thaw, state, function, "--version", version, "--timestamps"):
        event = re.fullmatch(r"\d{4}-\d\d-\d\dT\S+Z (\S+) (.*)", line)
        if event:
            events = found.setdefault(event[1], [])
            events.append(event[2])
        else:
            events[-1] += "\n" + line
    return list(found.values())


def new_state(images, directory):
    """A state directory of its own with links to the base images, which are the server's own files."""
    state = pathlib.Path(directory)
    state.mkdir(parents=True)
    for source in pathlib.Path(images).rglob("*"):
        target = state / "images" / source.relative_to(images)
        if source.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        elif not source.is_symlink():
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(source, target)
    return state
