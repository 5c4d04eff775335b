"""Describes Anscombe's quartet with pandas and numpy: four data sets with the same summary and different shapes."""

import os
import pathlib
import time

_begin = time.perf_counter()

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from snapshot_restore_py import register_after_restore, register_before_snapshot  # noqa: E402

_data = pd.read_csv(pathlib.Path(__file__).with_name("anscombe.csv"))
_init_milliseconds = round((time.perf_counter() - _begin) * 1000)
_generator = np.random.default_rng()


def _describe(frame):
    slope, intercept = np.polyfit(frame["x"], frame["y"], 1)
    return {
        "rows": len(frame),
        "mean": {"x": round(float(frame["x"].mean()), 2), "y": round(float(frame["y"].mean()), 2)},
        "variance": {"x": round(float(frame["x"].var()), 2), "y": round(float(frame["y"].var()), 2)},
        "correlation": round(float(frame["x"].corr(frame["y"])), 3),
        "line": {"slope": round(float(slope), 2), "intercept": round(float(intercept), 2)},
    }


@register_before_snapshot
def rehearse():
    """Walks the way of a request, so that clones find it warm."""
    handler({}, None)


@register_after_restore
def reseed():
    """numpy seeds its generators when they are made: without this, all clones would draw the same numbers."""
    global _generator
    _generator = np.random.default_rng()


def handler(event, context):
    """Summarises the data set the event names ("I" to "IV"), or all four."""
    wanted = event.get("dataset")
    groups = _data.groupby("dataset")
    if wanted is not None and wanted not in groups.groups:
        raise ValueError(f"no data set is called {wanted!r}: say one of {sorted(groups.groups)}")
    names = [wanted] if wanted is not None else sorted(groups.groups)
    return {
        "summary": {name: _describe(groups.get_group(name)) for name in names},
        "sample": float(_generator.random()),
        "initializationType": os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE"),
        "importedInMilliseconds": _init_milliseconds,
        "versions": {"numpy": np.__version__, "pandas": pd.__version__},
    }
