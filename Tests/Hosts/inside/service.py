"""The package's unit."""

import os
import pathlib
import signal
import subprocess
import time

import botocore.exceptions
import lambdas

CONFIGURATION = pathlib.Path("/etc/thaw/thaw.conf")


def run(*command, seconds=120):
    """What a command prints; raises with it when the command fails."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds)
    assert done.returncode == 0, f"{' '.join(map(str, command))}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


class Service:
    """thaw.service, and a client of it."""

    def __init__(self):
        self.client = lambdas.connect("http://127.0.0.1:9000", read_timeout=180)

    @staticmethod
    def configure(**options):
        lines = [f"{name.replace('_', '-')} = {value}\n" for name, value in options.items()]
        with CONFIGURATION.open("a") as file:
            file.writelines(["\n", *lines])

    @staticmethod
    def shown(name):
        return run("systemctl", "show", f"--property={name}", "--value", "thaw").strip()

    @property
    def pid(self):
        """None while it does not run."""
        return int(self.shown("MainPID")) or None

    def start(self):
        run("systemctl", "start", "thaw")
        self.answers()

    def answers(self, seconds=90):
        """Waits until it does. It may be started anew by systemd once."""
        deadline, restarts = time.monotonic() + seconds, int(self.shown("NRestarts"))
        while True:
            try:
                self.client.list_functions()
                return
            except botocore.exceptions.BotoCoreError as error:
                gave_up = self.shown("ActiveState") == "failed" or int(self.shown("NRestarts")) > restarts + 1
                words = f"{self.last_words()}\n{error}" if gave_up or time.monotonic() > deadline else None
            assert not words, words
            time.sleep(0.2)

    @staticmethod
    def last_words():
        """Of the server itself."""
        return run("journalctl", "--identifier=thaw", "--lines=2", "--output=cat").strip()

    def stop(self):
        run("systemctl", "stop", "thaw")

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
