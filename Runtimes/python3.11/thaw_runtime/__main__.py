"""Runs a function, or becomes a layer first: `python3.11 -m thaw_runtime HANDLER`, `python3.11 -m thaw_runtime --layer`.

Both ways lead to AWS's client with the same arguments and environment.
"""

import sys

from awslambdaric import __main__ as client
from awslambdaric import bootstrap

from . import layer, snapshot


def main(arguments):
    if arguments[1:] == ["--layer"]:
        arguments = layer.become_function()
    snapshot.prepare(bootstrap)
    client.main(arguments)


main(sys.argv)
