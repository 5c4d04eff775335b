"""Where the Python runtime finds generators of random numbers that packages bring along, as far as that needs no clone."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

RUNTIME = pathlib.Path(__file__).resolve().parent.parent.parent / "Runtimes" / "python3.11"
PYTHON = os.environ.get("RUNTIME_PYTHON", sys.executable)

COUNTED = """
    static int added;
    {visibility} void RAND_add(const void *bytes, int count, double entropy) {{ added += count == 32 && entropy == 32.0; }}
    int count(void) {{ return added; }}
"""
# The text that a build of OpenSSL leaves in its read-only data.
CONTAINED = """
    static const char *const texts[] = {"SEED-SRC", "OpenSSL 3.5.8 25 Aug 2026"};
    const char *text(int index) { return texts[index]; }
"""
SQLITE = """
    static int forgotten;
    void sqlite3_randomness(int count, void *into) { forgotten += count < 1 && into == 0; }
    int count(void) { return forgotten; }
"""
WIPED = """
    #define _GNU_SOURCE
    #include <sys/mman.h>
    static int *page;
    int count(void) { return page[0]; }
    __attribute__((constructor)) static void begin(void) {
        page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        madvise(page, 4096, MADV_WIPEONFORK);
        page[0] = 7;
    }
"""
PROGRAM = """if True:
    import ctypes, sys
    library = ctypes.CDLL(sys.argv[1])
    from thaw_runtime import native_generators
    calls = native_generators.find(*sys.argv[2:])
    for call in calls:
        call()
    print(len(calls), library.count() if calls else "")
    """


class NativeGenerators(unittest.TestCase):
    def look(self, source, *flags, besides=()):
        """(what is printed, what is said) by a process that has the library."""
        with tempfile.TemporaryDirectory() as directory:
            library = pathlib.Path(directory) / "libprobe.so"
            subprocess.run(["cc", "-shared", "-fPIC", "-O1", *flags, "-o", library, "-x", "c", "-"], check=True, text=True,
                           input=source)
            package = pathlib.Path(directory) / "thaw_runtime"
            package.mkdir()
            # The package itself loads AWS's client.
            (package / "native_generators.py").symlink_to(RUNTIME / "thaw_runtime/native_generators.py")
            done = subprocess.run([PYTHON, "-c", PROGRAM, library, *besides], check=True, capture_output=True, text=True,
                                  env={"PYTHONPATH": directory})
            return done.stdout.split(), done.stderr

    def test_a_generator_is_told_whether_or_not_its_function_is_exported(self):
        for visibility in ("", '__attribute__((visibility("hidden")))'):
            with self.subTest(visibility):
                self.assertEqual(self.look(COUNTED.format(visibility=visibility)), (["1", "1"], ""))

    def test_a_library_that_has_been_seen_to_is_left_alone(self):
        self.assertEqual(self.look(COUNTED.format(visibility=""), besides=["libprobe.so"])[0], ["0"])

    def test_sqlite_forgets_what_it_has_drawn(self):
        self.assertEqual(self.look(SQLITE), (["1", "1"], ""))

    def test_pages_that_a_fork_would_wipe_are_wiped(self):
        self.assertEqual(self.look(WIPED), (["1", "0"], ""))

    def test_an_openssl_that_cannot_be_reached_is_named(self):
        printed, said = self.look(CONTAINED, "-s")
        self.assertEqual(printed, ["0"])
        self.assertRegex(said, r"/libprobe\.so contains an OpenSSL that the runtime cannot reach: .*\n$")

    def test_a_library_that_only_says_openssls_release_is_not_named(self):
        self.assertEqual(self.look(CONTAINED.replace("SEED-SRC", "")), (["0"], ""))


if __name__ == "__main__":
    unittest.main()
