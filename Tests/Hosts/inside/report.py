"""What was checked and what came of it."""

import json
import pathlib
import signal
import time
import traceback


class NotRun(Exception):
    """A check that cannot be made because of what failed before."""


def need(value, what):
    if not value:
        raise NotRun(f"there is no {what}")
    return value


class Report:
    def __init__(self, file):
        self._file = pathlib.Path(file)
        self._file.write_text("")
        signal.signal(signal.SIGALRM, self._late)

    @staticmethod
    def _late(*_):
        raise TimeoutError("the check did not end in time")

    def check(self, name, body, *arguments, level="", deadline=120):
        """Runs `body`, which raises when something is wrong and may give a few words about what it found."""
        began = time.monotonic()
        signal.alarm(deadline)
        try:
            outcome, detail = "ok", body(*arguments)
        except NotRun as reason:
            outcome, detail = "not run", str(reason)
        except Exception as error:
            traceback.print_exc(limit=-3, chain=False)
            outcome, detail = "FAILED", str(error) or type(error).__name__
        finally:
            signal.alarm(0)
        self._write(name, level, outcome, time.monotonic() - began, detail)
        return outcome == "ok"

    def _write(self, name, level, outcome, seconds, detail):
        row = {"name": name, "level": level, "outcome": outcome, "seconds": round(seconds, 1), "detail": detail}
        # Line by line, so that what was found is not lost with the host.
        with self._file.open("a") as file:
            file.write(json.dumps(row) + "\n")
        print(f"{outcome:7} {seconds:6.1f} s  {name} {level}  {detail or ''}", flush=True)
