"""Runs before any other Python code of a sandbox.

OpenSSL keeps the state of its random number generator in the process, so that every clone of a snapshot would draw the same
"random" bytes. The kernel's generator is fresh in each clone; this hook, the first of all, mixes from it.
"""

import os

if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
    from snapshot_restore_py import register_after_restore

    @register_after_restore
    def mix_fresh_entropy_into_openssl():
        import sys

        # Loaded by whatever uses OpenSSL through Python; not loaded, there is no state.
        openssl = sys.modules.get("_ssl")
        if openssl is not None:
            openssl.RAND_add(os.urandom(64), 64)
