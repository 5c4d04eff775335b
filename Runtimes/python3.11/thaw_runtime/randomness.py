"""Fresh randomness for clones.

The kernel's generator is fresh in each clone; those that live in the process are copied with it. What follows gives new
seeds to those that Python programs share: the modules of the table below, and those in native libraries, OpenSSL first of all.
A generator that the function made itself needs a hook of its own.
"""

import os
import sys

from . import native_generators

# Python's own, found by this name.
_LIBCRYPTO = "libcrypto.so.3"
_native = ()
_refused = set()


def look_ahead():
    """Call last before the snapshot, when everything the function uses has been loaded."""
    global _native
    known = "_ssl" not in sys.modules or _reseed_before_each_use()
    _native = native_generators.find(besides=_LIBCRYPTO if known else None)
    # A generator's first steps take milliseconds, and are not for each clone to do.
    for call in _native:
        call()


def refresh():
    """Call first after a restore."""
    for call in _native:
        call()
    for name, renew in _MODULES.items():
        if (module := sys.modules.get(name)) is not None:
            try:
                renew(module)
            except Exception as error:
                _refuse(name, error)


def _uuid(module):
    # libuuid's node and clock sequence cannot be had anew, so Python's own way is taken, with a node as RFC 4122 has them for
    # hosts without an address: random, with the multicast bit.
    module._generate_time_safe = None
    module._node = int.from_bytes(os.urandom(6), "big") | 1 << 40


def _tempfile(module):
    # Names come from a generator that notices a fork by the process id, which clones share.
    module._name_sequence = None


def _object_id(module):
    # The same for the five random bytes of an id; the three that count go on from a number drawn anew.
    module.ObjectId._pid = None
    module.ObjectId._inc = int.from_bytes(os.urandom(3), "big")


# Modules that keep a generator for all their users, and how each begins anew: the rows of docs/uniqueness.md.
_MODULES = {
    "bson.objectid": _object_id,
    "ddtrace.internal._rand": lambda module: module.seed(),
    "ddtrace.internal.native": lambda module: module.seed(),
    "numpy.random": lambda module: module.seed(),
    "random": lambda module: module.seed(),
    "tempfile": _tempfile,
    "torch": lambda module: module.seed(),
    "uuid": _uuid,
}


def _refuse(name, error):
    """Of a release that keeps its generator elsewhere. Said once: a rehearsal comes before the snapshot."""
    if name not in _refused:
        _refused.add(name)
        print(f"the generator of {name} cannot be made anew, so clones may draw the same from it: {error!r}", file=sys.stderr)


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
