"""What functions log is bounded, and says what it has lost."""

import re

import host
import serving
from conftest import create


def test_a_function_that_floods_its_log_is_bounded_and_its_log_says_so(servers, probe):
    server = servers.running("--log-rate", "1", "--log-size", "4", "--ready", "0", fresh=True)
    create(server.client, "floods", module="floods")
    payload, response = server.invoke("floods", {"megabytes": 60}, qualifier="$LATEST")
    assert payload == "done", response
    server.works(probe)
    logs = servers.state / "logs/floods"
    server.client.delete_function(FunctionName="floods")
    lines = []

    def told():
        lines[:] = serving.logs(server.thaw, servers.state, "floods")
        return any(line.startswith("REPORT") for line in lines)

    host.until(told, what="the report of the invocation")
    # The limit, and what may come before it is looked at again.
    assert sum(path.stat().st_size for path in logs.rglob("*") if path.is_file()) < 6 << 20
    marks = [line for line in lines if line.startswith("LOGS_DROPPED")]
    assert marks, lines[-5:]
    assert re.fullmatch(
        r"LOGS_DROPPED Lines: \d+\tBytes: \d+\tFrom: \S+Z\tTo: \S+Z\tStream: \S+/\[\$LATEST\]\w+\t"
        r"Reason: faster than 1 MB/s",
        marks[-1],
    ), marks
    assert server.log.matches("(?=.*function=floods).*log lines dropped: the function logs too fast")
