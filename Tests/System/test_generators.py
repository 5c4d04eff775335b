"""Two clones of one snapshot, and every generator of random numbers a language has: the rows of docs/uniqueness.md."""

import concurrent.futures
import pathlib
import subprocess
import tempfile

import pytest

import conftest
import lambdas

SOURCES = pathlib.Path(__file__).resolve().parent / "functions" / "generators"

FRESH = {
    "python3.11": [
        "os.urandom", "random", "random.SystemRandom", "secrets", "sqlite3", "ssl.RAND_bytes", "tempfile", "uuid.uuid1",
        "uuid.uuid4",
    ],
    "nodejs20.x": [
        "crypto.randomBytes", "crypto.randomInt", "crypto.randomUUID", "crypto.getRandomValues",
        "crypto.generateKeyPairSync", "Math.random",
        *(f"{name} in a worker thread{arguments}" for arguments in ("", " with arguments")
          for name in ("crypto.randomBytes", "crypto.randomInt", "crypto.randomUUID", "Math.random")),
    ],
    "java17": [
        *(f"SecureRandom {algorithm}{when}" for algorithm in ("SHA1PRNG", "DRBG", "NativePRNG", "NativePRNGNonBlocking")
          for when in (" made in init", "")),
        "new SecureRandom() made in init", "UUID.randomUUID", "Math.random", "StrictMath.random", "ThreadLocalRandom",
        "new Random()", "new SplittableRandom()", "Collections.shuffle", "RandomGenerator.getDefault",
        *(f"RandomGenerator.of {algorithm}" for algorithm in (
            "L32X64MixRandom", "L64X128MixRandom", "L64X128StarStarRandom", "L64X256MixRandom", "L64X1024MixRandom",
            "L128X128MixRandom", "L128X256MixRandom", "L128X1024MixRandom", "Xoroshiro128PlusPlus", "Xoshiro256PlusPlus")),
    ],
}
COPIED = {
    "python3.11": ["random.Random instance", "hash seed"],
    "nodejs20.x": ["bytes drawn ahead"],
    "java17": ["java.util.Random made in init", "SplittableRandom made in init"],
}

# The other releases of a language are to do the same.
for table in (FRESH, COPIED):
    for release, like in {
        "python3.13": "python3.11", "nodejs22.x": "nodejs20.x", "nodejs24.x": "nodejs20.x", "java21": "java17",
        "java25": "java17",
    }.items():
        table[release] = table[like]


def code(runtime):
    """(handler, zip) of the function that draws."""
    if not runtime.startswith("java"):
        name = "generators.py" if runtime.startswith("python") else "generators.mjs"
        return "generators.handler", lambdas.zip_of({name: (SOURCES / name).read_text()})
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(
            ["javac", "--release", "17", "-d", directory, str(SOURCES / "Generators.java")], check=True)
        return "Generators::handle", lambdas.zip_of(
            {path.name: path.read_bytes() for path in pathlib.Path(directory).glob("*.class")})


@pytest.fixture(scope="module")
def drawn(servers, thaw, isolation):
    """By runtime, what two clones that ran at the same time drew."""
    server = servers.running()
    if isolation == "microvm":
        pytest.skip("booted once for each language, which emulated processors make long; the runtimes are the same")
    images = [runtime.removesuffix(".x") for runtime in FRESH]
    subprocess.run([thaw, "image", "build", *images, "--state-dir", servers.state], check=True)
    answers = {}
    for runtime in FRESH:
        name = "generators-" + runtime.replace(".", "-")
        handler, archive = code(runtime)
        server.client.create_function(
            FunctionName=name, Code={"ZipFile": archive}, Runtime=runtime, Role=lambdas.ROLE, Handler=handler,
            MemorySize=512, Timeout=30, SnapStart={"ApplyOn": "PublishedVersions"})
        conftest.until_done(server.client, "function_active_v2", FunctionName=name)
        conftest.publish(server.client, name)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            calls = [pool.submit(server.invoke, name, {"hold": 1}) for _ in range(2)]
            answers[runtime] = [call.result()[0] for call in calls]
    return answers


def pairs(table):
    return [(runtime, source) for runtime, sources in table.items() for source in sources]


def two(drawn, runtime, kind, source):
    assert all(kind in answer for answer in drawn[runtime]), drawn[runtime]
    return [answer[kind][source] for answer in drawn[runtime]]


@pytest.mark.parametrize(("runtime", "source"), pairs(FRESH))
def test_clones_draw_differently(drawn, runtime, source):
    first, second = two(drawn, runtime, "fresh", source)
    assert first != second


@pytest.mark.parametrize(("runtime", "source"), pairs(COPIED))
def test_only_a_hook_can_tell_clones_apart(drawn, runtime, source):
    """What the runtime cannot reach is as it was frozen. Should this fail, the documentation promises too little."""
    first, second = two(drawn, runtime, "copied", source)
    assert first == second


@pytest.mark.parametrize("runtime", FRESH)
def test_every_source_is_looked_at(drawn, runtime):
    for answer in drawn[runtime]:
        assert (sorted(answer["fresh"]), sorted(answer["copied"])) == (sorted(FRESH[runtime]), sorted(COPIED[runtime]))
