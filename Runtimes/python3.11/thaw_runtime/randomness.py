"""Fresh randomness for clones.

The kernel's generator is fresh in each clone; those that live in the process are copied with it. What follows gives new
seeds to those that Python programs share: `random`, `numpy.random`, `uuid.uuid1`, and OpenSSL as Python's own ssl module has it.
A generator that the function made itself, or a package's own copy of OpenSSL, needs a hook of its own.
"""

import os
import sys

_openssl = None


def look_ahead():
    """Call last before the snapshot, when everything the function uses has been loaded."""
    global _openssl
    module = sys.modules.get("_ssl")
    if module is not None and not _reseed_before_each_use():
        _openssl = module


def refresh():
    """Call first after a restore."""
    if _openssl is not None:
        _openssl.RAND_add(os.urandom(64), 64)
    if (random := sys.modules.get("random")) is not None:
        random.seed()
    if (numpy_random := sys.modules.get("numpy.random")) is not None:
        numpy_random.seed()
    if (tempfile := sys.modules.get("tempfile")) is not None:
        # Names come from a generator that notices a fork by the process id, which clones share.
        tempfile._name_sequence = None
    if (uuid := sys.modules.get("uuid")) is not None:
        # libuuid's node and clock sequence cannot be had anew, so Python's own way is taken, with a node as RFC 4122 has them for
        # hosts without an address: random, with the multicast bit.
        uuid._generate_time_safe = None
        uuid._node = int.from_bytes(os.urandom(6), "big") | 1 << 40


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
