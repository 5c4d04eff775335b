"""Frames, groups, dates and files in /tmp."""

import uuid

import pandas as pd

frame = pd.DataFrame({"day": pd.date_range("2026-01-01", periods=1000, freq="h"), "n": range(1000)})
frame.to_csv("/tmp/frame.csv", index=False)


def use(context):
    again = pd.read_csv("/tmp/frame.csv", parse_dates=["day"])
    sums = again.groupby(again["day"].dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin").dt.date)["n"].sum()
    assert sums.sum() == 499500
    again.sample(10)
    return [str(uuid.uuid4()), ",".join(map(str, again.sample(5)["n"]))]
