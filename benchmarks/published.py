"""Whether the configs in ``configs/published`` reach what the papers report.

``python benchmarks/published.py simard-plain wan-none --runs DIR`` trains each with three seeds, or
goes on where it was stopped, and prints the table of ``docs/published.md``; without names, all of
them. It needs MNIST. Test errors are in percent. "One more run" is where the error of a further
seed would lie with 95 % (mean ± t · SD · √(1 + 1/seeds)), if errors are normally distributed; a
paper's figure is compared with that, as it is one run's.
"""

import argparse
import json
import math
import re
import subprocess
import sys
from statistics import mean, stdev
from typing import Any

from common import report

from nnbasic.compare.distributions import t_quantile
from nnbasic.compare.style import MUTED, SERIES, SETTINGS
from nnbasic.configs import listing

HEADINGS = [
    "config",
    "theirs",
    "each seed",
    "mean",
    "SD",
    "one more run",
    "theirs within",
    "epochs",
    "min",
]

LARGE_NETS = {"1000-500, 23 GPU hours": 0.49, "2500-2000-1500-1000-500, 114 GPU hours": 0.35}
"""Test error in percent of Cireşan et al. 2010, and what it took."""


def trained(name: str, seeds: int, jobs: int, runs: str) -> list[dict[str, Any]]:
    """The runs of the config ``name``, as ``nnbasic sweep --json`` prints them."""
    command = [sys.executable, "-m", "nnbasic", "sweep", "--config", f"published/{name}"]
    options = ["--seeds", str(seeds), "--jobs", str(jobs), "--runs", runs, "--json"]
    done = subprocess.run([*command, *options], stdout=subprocess.PIPE)
    if done.returncode:
        sys.exit(f"{name}: nnbasic sweep ended with exit code {done.returncode}")
    found: list[dict[str, Any]] = json.loads(done.stdout)["runs"]
    return sorted(found, key=lambda run: run["config"]["seed"])


def row(name: str, description: str, runs: list[dict[str, Any]]) -> list[Any]:
    """The line of the table of a config whose description ends with the paper's figure, if any."""
    errors = [100 * (1 - run["test_accuracy"]) for run in runs]
    cells: list[Any] = ["", ""]
    if len(errors) > 1:
        n, sd = len(errors), stdev(errors)
        margin = t_quantile(0.975, n - 1) * sd * math.sqrt(1 + 1 / n)
        cells = [
            round(sd, 3),
            f"{max(0, mean(errors) - margin):.2f} to {mean(errors) + margin:.2f}",
        ]
    theirs, within = "", ""
    if match := re.search(r": ([\d.]+) %$", description):
        theirs = match[1]
        if len(errors) > 1:
            distance = float(theirs) - mean(errors)
            within = "yes" if abs(distance) <= margin else "lower" if distance < 0 else "higher"
    each = ", ".join(f"{error:.2f}" for error in errors)
    minutes = mean(run["seconds"] for run in runs) / 60
    return [
        name,
        theirs,
        each,
        round(mean(errors), 3),
        *cells,
        within,
        runs[0]["epochs"],
        round(minutes, 1),
    ]


def draw(frontier: dict[str, list[dict[str, Any]]], minutes: dict[str, float], file: str) -> None:
    """The test errors of the configs ``best-...`` against the ``minutes`` that a run takes."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.ticker import ScalarFormatter

    with rc_context(SETTINGS):
        figure = Figure(figsize=(6.4, 3.6), layout="constrained")
        axes = figure.subplots()
        points = []
        for name, runs in frontier.items():
            errors = [100 * (1 - run["test_accuracy"]) for run in runs]
            took = minutes.get(name, mean(run["seconds"] for run in runs) / 60)
            axes.plot([took] * len(errors), errors, "o", color=SERIES[0], alpha=0.4)
            points.append((took, mean(errors)))
        axes.plot(*zip(*sorted(points), strict=True), "-o", color=SERIES[0])
        for style, (what, error) in zip((":", "--"), LARGE_NETS.items(), strict=True):
            axes.axhline(
                error, color=MUTED, linestyle=style, label=f"Cireşan et al. 2010, {what}: {error} %"
            )
        axes.legend(loc="lower left")
        axes.set(
            xscale="log", xlabel="minutes on two cores", ylabel="test error, %", ylim=(0, None)
        )
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.set_xticks([1, 2, 5, 10, 15, 30, 60])
        figure.savefig(file)


def main() -> None:
    known = {
        entry.name.removeprefix("published/"): entry.description
        for entry in listing()
        if entry.shipped and entry.name.startswith("published/")
    }
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these")
    parser.add_argument("--runs", required=True, metavar="DIR", help="where the runs are kept")
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="default: 3")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="runs at a time")
    parser.add_argument("--figure", metavar="FILE", help="draw best-... there, with matplotlib")
    parser.add_argument(
        "--minutes", nargs="+", default=[], metavar="NAME=N", help="of best-..., timed apart"
    )
    parser.add_argument("--json", metavar="FILE", help="write the figures there, too")
    arguments = parser.parse_args()
    rows, frontier = [], {}
    for name in arguments.names or known:
        runs = trained(name, arguments.seeds, arguments.jobs, arguments.runs)
        rows.append(row(name, known[name], runs))
        print(*rows[-1], file=sys.stderr)
        if name.startswith("best-"):
            frontier[name] = runs
    report(HEADINGS, rows, arguments.json)
    if arguments.figure:
        minutes = dict(each.split("=") for each in arguments.minutes)
        draw(frontier, {name: float(took) for name, took in minutes.items()}, arguments.figure)


if __name__ == "__main__":
    main()
