"""Generators of random numbers in native libraries that packages bring along, found among what is mapped into this process.

A generator that guards itself against fork by a page that the kernel wipes (MADV_WIPEONFORK: BoringSSL, AWS-LC, s2n) is told by
that page. The others are told by a function of theirs, whether the library exports it or only has it in its symbol table.
"""

import os
import re
import struct
import sys

# What makes a generator begin anew, and its arguments: RAND_add(3ossl), https://sqlite.org/c3ref/randomness.html,
# gnutls_rnd_refresh(3).
_RAND_ADD = b"RAND_add"
_FUNCTIONS = (_RAND_ADD, b"sqlite3_randomness", b"gnutls_rnd_refresh")
_SEED_BYTES = 32
# A library that contains OpenSSL says its release and has the sources of its generator's seeds; one that only uses it, the
# first at most.
_OPENSSL_RELEASE = re.compile(rb"OpenSSL \d+\.\d+\.\d+[a-z]* +\d+ [A-Z][a-z]{2} \d{4}")
_OPENSSL_GENERATOR = re.compile(rb"SEED-SRC|rand/(?:drbg_lib|md_rand)\.c")
_CHUNK = 1 << 20
# elf(5), of 64 bits.
_SYMBOL = struct.Struct("<IBBHQQ")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_PROGBITS, _SYMTAB, _DYNSYM, _ALLOCATED, _WRITABLE, _EXECUTABLE = 1, 2, 11, 2, 1, 4
_LOAD = 1


def find(besides=None):
    """What to call in a clone, each without arguments, for all libraries but the one whose name begins as `besides` says.

    Names on standard error what contains a generator that cannot be reached.
    """
    reached = _cryptography()
    calls = [call for call, _ in reached]
    files = {file for _, file in reached}
    for path, start in sorted(_libraries().items()):
        if path in files or besides and os.path.basename(path).startswith(besides):
            continue
        try:
            with _Library(path, start) as library:
                functions = library.functions()
                if _RAND_ADD not in functions and library.contains_openssl():
                    print(f"{path} contains an OpenSSL that the runtime cannot reach: its random numbers, keys among them,"
                          " can be the same in all clones; see docs/uniqueness.md", file=sys.stderr)
        except (OSError, struct.error, ValueError):
            continue
        calls += [_call(name, address) for name, address in functions.items()]
    if pages := _wiped_pages():
        calls.append(lambda: _wipe(pages))
    return calls


def _cryptography():
    """The OpenSSL inside PyPI's cryptography, by the door that it has itself: [(call, its file)]."""
    for name in ("cryptography.hazmat.bindings._rust", "cryptography.hazmat.bindings._openssl"):
        module = sys.modules.get(name)
        inner = getattr(module, "_openssl", module)
        lib, ffi = getattr(inner, "lib", None), getattr(inner, "ffi", None)
        if ffi is not None and hasattr(lib, "RAND_add"):
            def add(lib=lib, ffi=ffi):
                lib.RAND_add(ffi.from_buffer(os.urandom(_SEED_BYTES)), _SEED_BYTES, _SEED_BYTES)

            return [(add, os.path.realpath(module.__file__))]
    return []


def _libraries():
    """Where each mapped file begins that is code: {path: address}."""
    started, code = {}, set()
    with open("/proc/self/maps") as maps:
        for line in maps:
            fields = line.rstrip("\n").split(maxsplit=5)
            if len(fields) < 6 or not fields[5].startswith("/"):
                continue
            if int(fields[2], 16) == 0:
                started.setdefault(fields[5], int(fields[0].partition("-")[0], 16))
            if "x" in fields[1]:
                code.add(fields[5])
    return {path: start for path, start in started.items() if path in code}


class _Library:
    """A file of a mapped library. Not its memory: symbols and names of sections are not in it."""

    def __init__(self, path, start):
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._start = start

    def __enter__(self):
        head = os.pread(self._descriptor, 64, 0)
        if head[:6] != b"\x7fELF\x02\x01":
            raise ValueError("not an ELF file of 64 bits")
        segments, sections = struct.unpack_from("<QQ", head, 32)
        segment_count, _, section_count = struct.unpack_from("<HHH", head, 56)
        table = os.pread(self._descriptor, section_count * _SECTION.size, sections)
        self._sections = list(_SECTION.iter_unpack(table))
        table = os.pread(self._descriptor, segment_count * _SEGMENT.size, segments)
        loaded = [segment for segment in _SEGMENT.iter_unpack(table) if segment[0] == _LOAD and segment[2] == 0]
        self._bias = self._start - (loaded[0][3] if loaded else 0)
        return self

    def __exit__(self, *_):
        os.close(self._descriptor)

    def functions(self):
        """The addresses of those that it defines, {name: address}."""
        found = {}
        for _, kind, _, _, offset, size, link, _, _, _ in self._sections:
            if kind in (_SYMTAB, _DYNSYM) and link < len(self._sections):
                names = self._read(*self._sections[link][4:6])
                # Names that are the ends of others may be stored as such.
                wanted = {at.start(): name for name in _FUNCTIONS for at in re.finditer(re.escape(name) + b"\0", names)}
                if not wanted:
                    continue
                for at, _, _, section, value, _ in _SYMBOL.iter_unpack(self._read(offset, size)):
                    if section != 0 and at in wanted:
                        found.setdefault(wanted[at], self._bias + value)
        return found

    def contains_openssl(self):
        data = [section[4:6] for section in self._sections
                if section[1] == _PROGBITS and section[2] & (_ALLOCATED | _WRITABLE | _EXECUTABLE) == _ALLOCATED]
        return all(any(self._contains(pattern, *place) for place in data) for pattern in (_OPENSSL_RELEASE, _OPENSSL_GENERATOR))

    def _contains(self, pattern, offset, size):
        for begin in range(offset, offset + size, _CHUNK):
            if pattern.search(self._read(begin, min(_CHUNK + 64, offset + size - begin))):
                return True
        return False

    def _read(self, offset, size):
        return os.pread(self._descriptor, size, offset)


def _call(name, address):
    import ctypes

    # The interpreter stays locked: no other thread of Python draws between the restore and this.
    if name == _RAND_ADD:
        add = ctypes.PYFUNCTYPE(None, ctypes.c_char_p, ctypes.c_int, ctypes.c_double)(address)
        return lambda: add(os.urandom(_SEED_BYTES), _SEED_BYTES, _SEED_BYTES)
    if name == b"sqlite3_randomness":
        forget = ctypes.PYFUNCTYPE(None, ctypes.c_int, ctypes.c_void_p)(address)
        return lambda: forget(0, None)
    return ctypes.PYFUNCTYPE(None)(address)


def _wiped_pages():
    """What the kernel would wipe in a forked child: [(address, size)]."""
    found, area = [], None
    with open("/proc/self/smaps") as maps:
        for line in maps:
            if line.startswith("VmFlags:"):
                if area is not None and " wf" in line:
                    found.append(area)
            elif re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                span, rights = line.split(maxsplit=2)[:2]
                start, end = (int(address, 16) for address in span.split("-"))
                area = (start, end - start) if rights.startswith("rw") else None
    return found


def _wipe(pages):
    """By the file: should one of them be gone, that is an error and not the end."""
    with open("/proc/self/mem", "r+b", buffering=0) as memory:
        for start, size in pages:
            if any(os.pread(memory.fileno(), size, start)):
                os.pwrite(memory.fileno(), bytes(size), start)
