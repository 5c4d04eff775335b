"""What a function finds around it."""

import importlib
import locale
import logging
import multiprocessing
import os
import pathlib
import resource
import socket
import subprocess
import sys
import warnings
import zoneinfo


# As tqdm and joblib do at import, before a freeze.
try:
    LOCK = type(multiprocessing.RLock()).__name__
except OSError:
    LOCK = None


def absent_modules():
    """Of the standard library."""
    absent = {}
    warnings.simplefilter("ignore")
    for name in sorted(sys.stdlib_module_names - {"antigravity", "this"}):
        try:
            importlib.import_module(name)
        except ImportError as error:
            absent[name] = str(error)
    return absent


def readable(path):
    try:
        return pathlib.Path(path).read_text()
    except OSError as error:
        return error.strerror


def grouped():
    try:
        locale.setlocale(locale.LC_ALL, "")
    except locale.Error as error:
        return str(error)
    return locale.format_string("%.2f", 1234567.8, grouping=True)


def handler(event, context):
    logging.getLogger().error("one\ntwo")
    print("printed\rthus")
    large = {}
    if "all" in event:
        # Takes minutes where processors are emulated.
        client = importlib.import_module("boto3").client("s3", region_name="us-east-1")
        large = {"absent": absent_modules(), "boto3": client.meta.service_model.service_name}
    return {
        **large,
        "environment": dict(os.environ),
        "limits": {name: resource.getrlimit(getattr(resource, name)) for name in ("RLIMIT_NPROC", "RLIMIT_CORE", "RLIMIT_NOFILE")},
        "grouped": grouped(),
        "lock": LOCK,
        "address": socket.gethostbyname(socket.gethostname()),
        "zone": str(zoneinfo.ZoneInfo("US/Eastern")),
        "secret": readable("/var/task/secret"),
        "public": readable("/var/task/public"),
        "bundle": os.path.exists("/etc/pki/tls/certs/ca-bundle.crt"),
        "entrypoint": os.access("/lambda-entrypoint.sh", os.X_OK),
        "shell": subprocess.run(
            ["sh", "-c", "set -o pipefail; printf '%s\\n' b a | sort | awk '{print NR $1}' | gzip | gzip -d; false | true || echo x"],
            capture_output=True, text=True).stdout.split(),
    }
