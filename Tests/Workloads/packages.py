"""The packages of the workloads: wheels from PyPI, pinned in requirements.txt, and what each workload is made of."""

import io
import os
import pathlib
import re
import subprocess
import sys
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
REQUIREMENTS = HERE / "requirements.txt"
# Wheels for the release of Python that the functions run on, whatever runs the tests.
PLATFORM = ["--python-version", "3.11", "--only-binary=:all:"]
PLATFORM += [f"--platform={name}" for name in ("any", "manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")]

PYDANTIC = "pydantic pydantic-core annotated-types typing-extensions typing-inspection"
OPENTELEMETRY = "opentelemetry-api"
# Each with all that it needs beyond what the runtime has.
WORKLOADS = {
    "ddtrace_spans": f"ddtrace bytecode envier wrapt typing-extensions {OPENTELEMETRY}",
    "django_sqlite": "django asgiref sqlparse typing-extensions",
    "duckdb_file": "duckdb",
    "fastapi_mangum": f"fastapi annotated-doc anyio idna mangum starlette {OPENTELEMETRY} {PYDANTIC}",
    "filelocks": "filelock",
    "flask_session": "flask blinker click itsdangerous jinja2 markupsafe werkzeug",
    "grpc_inside": "grpcio protobuf typing-extensions",
    "http_sessions": "requests httpx anyio certifi charset-normalizer h11 httpcore idna typing-extensions urllib3",
    "jwt_keys": "pyjwt cryptography cffi pycparser",
    "lxml_documents": "lxml",
    "numpy_random": "numpy",
    "onnx_session": "onnxruntime flatbuffers numpy packaging protobuf",
    "otel_batch": f"opentelemetry-sdk opentelemetry-semantic-conventions typing-extensions {OPENTELEMETRY}",
    "pandas_frames": "pandas numpy python-dateutil tzdata",
    "pillow_image": "pillow",
    "powertools": f"aws-lambda-powertools aws-xray-sdk wrapt {PYDANTIC}",
    "redis_pool": "redis hiredis async-timeout",
    "sentry": "sentry-sdk certifi urllib3",
    "sqlalchemy_pool": "sqlalchemy typing-extensions",
    "uvloop_aiohttp": "uvloop aiohttp aiohappyeyeballs aiosignal attrs frozenlist idna multidict propcache typing-extensions yarl",
}
# Small ones, of different kinds: what `make test` runs.
FEW = ["fastapi_mangum", "grpc_inside", "http_sessions", "redis_pool", "sqlalchemy_pool"]
ALL = os.environ.get("THAW_TEST_WORKLOADS") == "all"
CHOSEN = list(WORKLOADS) if ALL else FEW


def normal(name):
    """PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def wheels(directory):
    """{name: file} for what the chosen workloads are made of; downloads what is not in the directory yet."""
    lines = [line for line in REQUIREMENTS.read_text().splitlines() if "==" in line]
    pins = {normal(line.split("==")[0]): line for line in lines}
    wanted = {pins[name] for workload in CHOSEN for name in WORKLOADS[workload].split()}
    directory.mkdir(parents=True, exist_ok=True)
    if missing := sorted(wanted - found(directory).keys()):
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", *PLATFORM,
             "--dest", directory, *missing],
            check=True, timeout=900,
        )  # fmt: skip
    return {pin.split("==")[0]: path for pin, path in found(directory).items() if pin in wanted}


def found(directory):
    """{name==version: file}"""
    return {"{}=={}".format(normal(path.name.split("-")[0]), path.name.split("-")[1]): path for path in directory.glob("*.whl")}


def code(workload, wheels):
    """Its zip: a wheel is one, too."""
    files = {"workload.py": (HERE / "workload.py").read_bytes()}
    files["function.py"] = (HERE / "functions" / f"{workload}.py").read_bytes()
    for name in WORKLOADS[workload].split():
        with zipfile.ZipFile(wheels[name]) as wheel:
            wanted = [entry for entry in wheel.infolist() if not entry.is_dir() and "/tests/" not in entry.filename]
            files |= {entry.filename: wheel.read(entry) for entry in wanted}
    return archive(files)


def archive(files):
    """A zip of {name: bytes}."""
    # Compressed only where a request would be too large: it takes longer than all the rest.
    method = zipfile.ZIP_DEFLATED if sum(map(len, files.values())) > 40 << 20 else zipfile.ZIP_STORED
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method, compresslevel=1) as written:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr, entry.compress_type = 0o755 << 16, method
            written.writestr(entry, content)
    return packed.getvalue()
