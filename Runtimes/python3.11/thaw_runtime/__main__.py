"""Runs a function, or becomes a seed first: `python3.11 -m thaw_runtime HANDLER`, `python3.11 -m thaw_runtime --seed`.

Both ways lead to AWS's client with the same arguments and environment.
"""

import sys

from awslambdaric import __main__ as client
from awslambdaric import bootstrap

from . import runtime_seed, snapshot


def main(arguments):
    if arguments[1:] == ["--seed"]:
        arguments = runtime_seed.become_function()
    snapshot.prepare(bootstrap)
    client.main(arguments)


main(sys.argv)
