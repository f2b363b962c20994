"""How often a comparison is wrong, and how often it finds what is there.

    python benchmarks/comparison_power.py RUNS...

RUNS are folders of a sweep with many seeds each; docs/statistics.md says which were used. From
these, and from simulated runs, a few seeds are drawn again and again and compared in each of the
ways of `comparison_methods`. Where nothing is to differ, each row of real runs is moved to the
mean of all. The first folder also gives true differences to be found. Prints what
docs/statistics.md shows.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from comparison_methods import IMAGES, METHODS, MODERATED, differences

from nnbasic.compare.crossing import crossing
from nnbasic.compare.distributions import t_quantile
from nnbasic.compare.factors import effects
from nnbasic.compare.grouping import group_runs
from nnbasic.compare.planning import plan
from nnbasic.compare.ranking import rank
from nnbasic.compare.standing import accuracies, stand
from nnbasic.training.collection import collect

SMALL, LARGE = (0.0025, 0.0040), (0.0130, 0.0300)
"""True differences whose finding is counted."""

SEEDS = (3, 4, 6, 8)
BASE = 0.968
SD = 0.0015


class Source(NamedTuple):
    """Where runs come from: ``draw(rng, seeds)`` gives accuracies (rows, seeds)."""

    name: str
    draw: Callable[[np.random.Generator, int], np.ndarray]
    true: np.ndarray
    """The rows' true means."""


Found = tuple[np.ndarray, Sequence[str], Sequence[tuple[str, ...]]]
"""Accuracies (rows, seeds), the choices of which the rows are made, and which of them each has."""


def read(folder: Path) -> Found:
    """What the runs in ``folder`` reached."""
    data, _ = collect(folder)
    groups, seeds = stand(group_runs(data), threshold=1.0)
    ranked = [group for group in groups if group.apart is None]
    if len(seeds) <= max(SEEDS):
        sys.exit(f"{folder}: {len(seeds)} seeds in all rows; it takes more than {max(SEEDS)}")
    crossed = crossing([group.key for group in ranked])
    return accuracies(ranked, seeds)[0], crossed.keys, crossed.cells


def real(name: str, found: np.ndarray) -> Source:
    """Seeds drawn from those of real runs, each at most once.

    Their mean is then nearer to that of all runs than the mean of as many fresh seeds would be,
    and further from that of the runs which were not drawn; so it is moved to where its variance
    is that of fresh seeds. (Drawing with repetition makes variances too small instead.)
    """
    total, truth = found.shape[1], found.mean(axis=1, keepdims=True)

    def draw(rng: np.random.Generator, seeds: int) -> np.ndarray:
        x = found[:, rng.choice(total, seeds, replace=False)]
        mean = x.mean(axis=1, keepdims=True)
        rest = (total * truth - seeds * mean) / (total - seeds)
        return x - mean + truth + np.sqrt((total - seeds) / total) * (mean - rest)

    return Source(name, draw, truth[:, 0])


def centred(found: np.ndarray) -> np.ndarray:
    return found - found.mean(axis=1, keepdims=True) + found.mean()


def some(source: Source, rows: int) -> Source:
    """So many rows of ``source``, others each time."""

    def draw(rng: np.random.Generator, seeds: int) -> np.ndarray:
        drawn = source.draw(rng, seeds)
        return drawn[rng.choice(len(drawn), rows, replace=False)]

    return Source(f"{source.name}, {rows} rows", draw, source.true[:rows])


def simulated(name: str, sds: Sequence[float], *, skewed: bool = False) -> Source:
    """Rows of equal mean, in whole images; a seed moves all rows a little."""

    def draw(rng: np.random.Generator, seeds: int) -> np.ndarray:
        shape = (len(sds), seeds)
        own = 1 - rng.exponential(size=shape) if skewed else rng.normal(size=shape)
        x = BASE + np.array(sds)[:, None] * own + rng.normal(0, SD / 3, seeds)
        return np.rint(x * IMAGES) / IMAGES

    return Source(name, draw, np.full(len(sds), BASE))


SIMULATED = [
    simulated("normal, 12 rows", [SD] * 12),
    simulated("skewed, 12 rows", [SD] * 12, skewed=True),
    simulated("half the rows 3 × the SD", [3 * SD] * 6 + [SD] * 6),
    simulated("one row 3 ×", [3 * SD] + [SD] * 11),
    simulated("one row 10 ×", [10 * SD] + [SD] * 11),
    simulated("one of 4 rows 10 ×", [10 * SD] + [SD] * 3),
]


def false_alarms(
    source: Source, seeds: int, replicates: int, rng: np.random.Generator
) -> dict[str, float]:
    """How often each method finds any difference where there is none."""
    found = dict.fromkeys(METHODS, 0)
    for _ in range(replicates):
        x = source.draw(rng, seeds)
        for name, method in METHODS.items():
            found[name] += bool(method(x).any())
    return {name: times / replicates for name, times in found.items()}


def power(
    source: Source,
    seeds: int,
    sizes: tuple[float, float],
    replicates: int,
    rng: np.random.Generator,
) -> dict[str, float]:
    """Which part of the true differences of these ``sizes`` each method finds."""
    size = np.abs(differences(source.true[:, None])[:, 0])
    wanted = (size >= sizes[0]) & (size <= sizes[1])
    found = dict.fromkeys(METHODS, 0.0)
    for _ in range(replicates):
        x = source.draw(rng, seeds)
        for name, method in METHODS.items():
            found[name] += method(x)[wanted].mean()
    return {name: share / replicates for name, share in found.items()}


def coverage(
    source: Source, seeds: int, replicates: int, rng: np.random.Generator
) -> dict[str, float]:
    """How often intervals hold the truth, and how often the best row may be the best.

    And by how much, in shares, the row that came out first did so by luck.
    """
    true = differences(source.true[:, None])[:, 0]
    one = simultaneous = best = luck = 0.0
    for _ in range(replicates):
        x = source.draw(rng, seeds)
        found = rank(x, np.full(len(x), IMAGES))
        each = found.pairs.values()
        off = np.abs(true - [contrast.mean for contrast in each])
        limit = t_quantile(0.95, found.tested.freedom or 0)
        one += np.mean(off <= limit * np.array([contrast.error for contrast in each]))
        ends = np.array([contrast.ci95 for contrast in each])
        simultaneous += bool(np.all((ends[:, 0] <= true) & (true <= ends[:, 1])))
        best += bool(found.may_be_best[int(np.argmax(source.true))])
        first = int(np.argmax(x.mean(axis=1)))
        luck += x[first].mean() - source.true[first]
    sums = {"one": one, "all": simultaneous, "kept": best, "luck": luck}
    return {name: total / replicates for name, total in sums.items()}


def effects_found(
    source: Source,
    keys: Sequence[str],
    cells: Sequence[tuple[str, ...]],
    seeds: int,
    replicates: int,
    rng: np.random.Generator,
) -> dict[str, float]:
    """How often each factor, and two together, are found to do something."""
    found: dict[str, int] = {}
    for _ in range(replicates):
        x = source.draw(rng, seeds)
        done = effects(keys, cells, x, np.full(len(x), IMAGES))
        if done is None:
            return {}
        for factor in done.factors:
            found[factor.key] = found.get(factor.key, 0) + factor.significant
        for both in done.interactions:
            name = " × ".join(both.keys)
            found[name] = found.get(name, 0) + both.significant
    return {name: times / replicates for name, times in found.items()}


def planned(
    source: Source, seeds: int, difference: float, replicates: int, rng: np.random.Generator
) -> tuple[int, float]:
    """The median number of seeds that ``seeds`` seeds plan for ``difference``, and its power.

    The power is that of finding ``difference`` between any two of the rows, which have no other:
    one row is raised by it.
    """
    plans = []
    for _ in range(200):
        made = plan(rank(source.draw(rng, seeds), np.full(len(source.true), IMAGES)).tested)
        plans.append(made.seeds(difference) or np.inf if made else np.inf)
    median = round(np.median(plans))
    found = 0.0
    for _ in range(replicates):
        x = source.draw(rng, median)
        x[raised := int(rng.integers(len(x)))] += difference
        pairs = rank(x, np.full(len(x), IMAGES)).pairs
        found += np.mean([each.significant for pair, each in pairs.items() if raised in pair])
    return median, found / replicates


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    print("\n| " + " | ".join(head) + " |\n" + "|---" * len(head) + "|")
    for row in rows:
        cells = (f"{100 * cell:.1f}" if isinstance(cell, float) else str(cell) for cell in row)
        print("| " + " | ".join(cells) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="*", type=Path, metavar="RUNS")
    parser.add_argument("--replicates", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng, many = np.random.default_rng(options.seed), options.replicates
    sets = {folder.name: read(folder) for folder in options.runs}
    for name, (found, _, _) in sets.items():
        rows, seeds = found.shape
        sds = ", ".join(f"{100 * sd:.2f}" for sd in sorted(found.std(axis=1, ddof=1)))
        print(f"{name}: {rows} rows, {seeds} seeds; SD in points: {sds}")
    nulls = [real(name, centred(found)) for name, (found, _, _) in sets.items()]
    nulls = [source for null in nulls for source in (*fewer(null)[1:], null)]

    print("\nFalse alarms, %: any difference found where there is none")
    table(
        ["", "seeds", *METHODS],
        (
            [source.name, seeds, *false_alarms(source, seeds, many, rng).values()]
            for source in [*nulls, *SIMULATED]
            for seeds in (3, 6)
        ),
    )
    if sets:
        name, (found, _, _) = next(iter(sets.items()))
        show_power(real(name, found), many // 2, rng)
        show_coverage([real(name, found), *nulls], many, rng)
        show_effects(sets, many, rng)
        show_plans(real(name, centred(found)), many // 4, rng)


def fewer(source: Source) -> list[Source]:
    """Four and two rows of a source that has more."""
    return [some(source, rows) for rows in (2, 4) if rows < len(source.true)]


def show_power(truth: Source, many: int, rng: np.random.Generator) -> None:
    print("\nPower, %: part of the true differences found")
    table(
        ["points", "seeds", *METHODS],
        (
            [
                f"{100 * sizes[0]:g} to {100 * sizes[1]:g}",
                seeds,
                *power(truth, seeds, sizes, many, rng).values(),
            ]
            for sizes, counts in ((SMALL, SEEDS), (LARGE, (2, 3)))
            for seeds in counts
        ),
    )


def show_coverage(sources: Sequence[Source], many: int, rng: np.random.Generator) -> None:
    print(f"\n{MODERATED}: how often, in %, intervals hold the truth and the best row is kept")
    table(
        ["", "seeds", "one interval", "all intervals", "true best kept", "first too high, points"],
        (
            [source.name, seeds, *shares, f"{100 * luck:.3f}"]
            for source in sources
            for seeds in (2, 3, 4, 6)
            for *shares, luck in [coverage(source, seeds, many, rng).values()]
        ),
    )


def show_effects(sets: Mapping[str, Found], many: int, rng: np.random.Generator) -> None:
    print(f"\n{MODERATED}: false alarms of factors, %")
    rows = []
    for name, (found, keys, cells) in sets.items():
        for seeds in (3, 6):
            null = real(name, centred(found))
            shares = effects_found(null, keys, cells, seeds, many, rng)
            rows += [[name, seeds, key, share] for key, share in shares.items()]
    table(["", "seeds", "factor", "false alarms"], rows)


def show_plans(null: Source, many: int, rng: np.random.Generator) -> None:
    print(f"\n{MODERATED}: seeds planned for a difference, and its power in %")
    table(
        ["", "planned with", "points", "seeds", "power"],
        (
            [source.name, seeds, f"{100 * size:g}", *planned(source, seeds, size, many, rng)]
            for source in (*fewer(null), null)
            for seeds in (3, 6)
            for size in (0.002, 0.005)
        ),
    )


if __name__ == "__main__":
    main()
