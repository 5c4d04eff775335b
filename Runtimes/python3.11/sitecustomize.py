"""Runs before any other Python code of a sandbox.

OpenSSL keeps the state of its random number generator in the process, so that every clone of a snapshot would draw the same
"random" bytes. The kernel's generator is fresh in each clone; what follows makes OpenSSL's draw from it again.

Only OpenSSL as Python's own ssl module has it is covered: a package that brings a copy of its own needs a hook of its own.
"""

import os


def _reseed_before_each_use():
    """Has OpenSSL's generators fetch fresh entropy whenever they are used. False where they cannot be reached.

    They are the primary one and two of each thread, which draw from it, so this is enough while there is one thread. The
    cost falls on functions that use OpenSSL, and on each use; a restore costs nothing. EVP_RAND(7ossl).
    """
    import ctypes

    class Parameter(ctypes.Structure):
        # OSSL_PARAM(3ossl)
        _fields_ = [
            ("key", ctypes.c_char_p),
            ("data_type", ctypes.c_uint),
            ("data", ctypes.c_void_p),
            ("data_size", ctypes.c_size_t),
            ("return_size", ctypes.c_size_t),
        ]

    unsigned_integer = 2
    if len(os.listdir("/proc/self/task")) != 1:
        return False
    try:
        libcrypto = ctypes.CDLL("libcrypto.so.3")
        generators = [libcrypto.RAND_get0_primary, libcrypto.RAND_get0_public, libcrypto.RAND_get0_private]
        set_parameters = libcrypto.EVP_RAND_CTX_set_params
    except (AttributeError, OSError):
        return False
    set_parameters.argtypes = [ctypes.c_void_p, ctypes.POINTER(Parameter)]
    every = ctypes.c_uint(1)
    parameters = (Parameter * 2)(
        Parameter(b"reseed_requests", unsigned_integer, ctypes.addressof(every), ctypes.sizeof(every), 0)
    )
    for generator in generators:
        generator.argtypes = [ctypes.c_void_p]
        generator.restype = ctypes.c_void_p
        context = generator(None)
        if not context or set_parameters(context, parameters) != 1:
            return False
    return True


if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
    import sys

    from snapshot_restore_py import register_after_restore, register_before_snapshot

    _openssl = None

    @register_before_snapshot
    def _look_at_openssl():
        # Registered first, so the last to run: loaded by whatever uses OpenSSL through Python.
        global _openssl
        module = sys.modules.get("_ssl")
        if module is not None and not _reseed_before_each_use():
            _openssl = module

    @register_after_restore
    def _mix_fresh_entropy_into_openssl():
        if _openssl is not None:
            _openssl.RAND_add(os.urandom(64), 64)
