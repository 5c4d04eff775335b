"""Draws SVG plots from the JSON lines of the network's benches.

    plot.py DIRECTORY FILE...

Each plot is made of the lines ("points") that one bench has for it; plots without any are left as they are.
"""
import json
import pathlib
import sys

import matplotlib

matplotlib.use("svg")
# The same numbers make the same file.
matplotlib.rcParams.update({"svg.hashsalt": "thaw", "font.size": 9, "axes.grid": True, "grid.alpha": 0.3})

from matplotlib import pyplot  # noqa: E402

# Of each plot: its file, the bench and the series it is drawn from, its title, and the scale of each axis.
PLOTS = [
    ("slot-cost", "slots", "cost of one more slot", "What one more slot costs beside N others", "linear", "log"),
    ("connect-by-slot", "rules", "TCP connect", "TCP connect from a slot, by its number", "linear", "log"),
    ("claim-latency", "claim", "time of a claim", "How many claims are answered within a time", "log", "linear"),
]


def read(names):
    """The rows of all files: of each bench, series and case those that were read last."""
    lines = {}
    for name in names:
        for text in pathlib.Path(name).read_text().splitlines():
            if not text.startswith("{"):
                continue
            row = json.loads(text)
            if "points" in row:
                lines[row["bench"], row["series"], row["case"]] = row
    return lines


def draw(path, rows, title, x_scale, y_scale):
    figure, axes = pyplot.subplots(figsize=(6.4, 3.8), layout="constrained")
    for row in rows:
        marker = "o" if len(row["points"]) < 20 else None
        axes.plot(*zip(*row["points"]), label=row["case"], marker=marker, markersize=4, linewidth=1.4)
    axes.set(title=title, xlabel=rows[0]["x"], ylabel=rows[0]["y"], xscale=x_scale, yscale=y_scale)
    for axis, scale in ((axes.xaxis, x_scale), (axes.yaxis, y_scale)):
        if scale == "log":
            axis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda value, _: f"{value:g}"))
        else:
            axis.get_major_formatter().set_useOffset(False)
    if y_scale == "linear":
        axes.set_ylim(bottom=0)
    axes.legend()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
    # matplotlib ends lines of path data with blanks.
    path.write_text("".join(f"{line.rstrip()}\n" for line in path.read_text().splitlines()))


def main(directory, *names):
    lines = read(names)
    pathlib.Path(directory).mkdir(parents=True, exist_ok=True)
    for name, bench, series, title, x_scale, y_scale in PLOTS:
        rows = [row for (of, kind, _), row in lines.items() if (of, kind) == (bench, series) and row["points"]]
        if not rows:
            print(f"{name}: {bench} printed no \"{series}\"", file=sys.stderr)
            continue
        path = pathlib.Path(directory, f"{name}.svg")
        draw(path, rows, title, x_scale, y_scale)
        print(path)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
