"""Runs a function, or becomes a seed first: `bootstrap.py`, `bootstrap.py --seed`.

Both ways lead to AWS's client with the same arguments, environment and search path. The interpreter has put this file's
directory first in the path, so that no variable of the function's hides what the runtime is made of.
"""

import os
import sys

import thaw_runtime
from awslambdaric import __main__ as client
from awslambdaric import bootstrap
from thaw_runtime import runtime_seed, snapshot


def main():
    if sys.argv[1:] == ["--seed"]:
        runtime_seed.become_function()
    thaw_runtime.make_room_for_function()
    sys.argv = ["bootstrap", os.environ.get("_HANDLER", "")]
    snapshot.prepare(bootstrap)
    client.main(sys.argv)


if __name__ == "__main__":
    main()
