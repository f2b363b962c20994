"""How often a comparison says what is not so, and how often it finds what is.

    python benchmarks/comparison_power.py RUNS...

RUNS are folders of a sweep with many seeds each; docs/statistics.md says which were used. From
these, and from simulated runs, a few seeds are drawn again and again and compared. Where nothing
is to differ, each row of real runs is moved to the mean of all. Counted are the sentences of the
verdict, and the differences found by each of the ways of `comparison_methods`. Prints what
docs/statistics.md shows.
"""

import argparse
import itertools
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from comparison_methods import IMAGES, METHODS, MODERATED, differences

from nnbasic.compare import compare
from nnbasic.compare.findings import judge
from nnbasic.compare.significance import image_floor, rank, significant
from nnbasic.compare.standing import Row, accuracies
from nnbasic.compare.verdict import verdict
from nnbasic.training.collection import collect

SMALL, LARGE = (0.0025, 0.0040), (0.0130, 0.0300)
"""True differences whose finding is counted."""

SEEDS = (3, 4, 6, 8)
BASE, SD = 0.968, 0.0015

CLAIMS = {
    "a row": ("Worse:", "Best:"),
    "a choice": ("of the variance between runs;", "decides whether"),
    "an interaction": ("The effect of the",),
}
"""What a verdict may say of rows that are equal, and the words that it uses for it."""

CROSSED = {2: (2,), 3: (3,), 6: (2, 3), 12: (4, 3)}
"""Of how many values of each choice so many rows are made."""


class Source(NamedTuple):
    """Where runs come from: ``draw(rng, seeds)`` gives accuracies (rows, seeds).

    ``true`` are the means of the rows.
    """

    name: str
    draw: Callable[[np.random.Generator, int], np.ndarray]
    true: np.ndarray


def read(folder: Path) -> np.ndarray:
    """The accuracies (rows, seeds) of the runs in ``folder``."""
    found = compare(collect(folder)[0])
    if len(found.seeds) <= max(SEEDS):
        sys.exit(f"{folder}: {len(found.seeds)} seeds in all rows; more than {max(SEEDS)} needed")
    return accuracies(found.ranked, found.seeds)[0]


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

    return Source(source.name, draw, source.true[:rows])


def simulated(name: str, sds: Sequence[float], *, skewed: bool = False) -> Source:
    """Rows of equal mean, in whole images; a seed moves all rows a little."""

    def draw(rng: np.random.Generator, seeds: int) -> np.ndarray:
        shape = (len(sds), seeds)
        own = 1 - rng.exponential(size=shape) if skewed else rng.normal(size=shape)
        x = BASE + np.array(sds)[:, None] * own + rng.normal(0, SD / 3, seeds)
        return np.rint(x * IMAGES) / IMAGES

    return Source(name, draw, np.full(len(sds), BASE))


SIMULATED = [
    simulated("normal", [SD] * 12),
    simulated("skewed", [SD] * 12, skewed=True),
    simulated("half the rows 3 × the SD", [SD, 3 * SD] * 6),
    simulated("one row 10 ×", [10 * SD] + [SD] * 11),
    simulated("one row 100 ×", [100 * SD] + [SD] * 11),
]


def rows_of(x: np.ndarray, failed: Sequence[int] = ()) -> list[Row]:
    """Rows with the accuracies ``x``, crossed as `CROSSED`; of the last ones ``failed`` runs fail.

    These have accuracies near chance in place of their own, and are a further value of a choice.
    """
    count = len(x) - len(failed)
    cells = list(itertools.product(*(range(size) for size in CROSSED[count])))
    cells += [(len(x) + place, *cells[place][1:]) for place in range(len(failed))]
    rows = []
    for cell, shares, lost in zip(cells, x, [*[0] * count, *failed], strict=True):
        parts = {f"choice{axis}": f"{axis}{value}" for axis, value in enumerate(cell)}
        scores = [*[0.1] * lost, *shares[lost:].tolist()]
        rows.append(
            Row(
                "/".join(parts.values()),
                {},
                parts,
                dict(enumerate(scores)),
                IMAGES,
                len(scores),
                lost,
            )
        )
    return rows


def says(sentences: Iterable[str]) -> set[str]:
    """Which of `CLAIMS` a verdict makes."""
    text = "\n".join(sentences)
    if "Worse:" not in text:  # then a best row is named without others being worse
        text = text.replace("Best:", "")
    return {claim for claim, words in CLAIMS.items() if any(word in text for word in words)}


def claims(
    source: Source,
    rows: int,
    seeds: int,
    replicates: int,
    rng: np.random.Generator,
    failing: Sequence[float] = (),
) -> dict[str, float]:
    """How often the verdict says something of rows that are equal, in each way and in any.

    Beside them are rows in which runs fail with the probabilities ``failing``.
    """
    found = dict.fromkeys([*CLAIMS, "any"], 0)
    for _ in range(replicates):
        x = source.draw(rng, seeds)
        x = x[rng.choice(len(x), rows, replace=False)]
        failed = [int(rng.binomial(seeds, share)) for share in failing]
        x = np.vstack([x, *(x[:1] for _ in failed)])
        made = says(verdict(judge(rows_of(x, failed))))
        for claim in made:
            found[claim] += 1
        found["any"] += bool(made)
    return {claim: times / replicates for claim, times in found.items()}


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
    if not wanted.any():
        return {}
    found = dict.fromkeys(METHODS, 0.0)
    for _ in range(replicates):
        x = source.draw(rng, seeds)
        for name, method in METHODS.items():
            found[name] += method(x)[wanted].mean()
    return {name: share / replicates for name, share in found.items()}


def coverage(
    source: Source, seeds: int, replicates: int, rng: np.random.Generator
) -> tuple[float, float, float]:
    """How often all intervals hold the truth, and the best row is as good as the first.

    And by how much, in shares, the row that came out first did so by luck.
    """
    simultaneous = kept = luck = 0.0
    for _ in range(replicates):
        x = source.draw(rng, seeds)
        order = np.argsort(-x.mean(axis=1), kind="stable")
        x, truth = x[order], source.true[order]
        (ranking,) = rank((x, image_floor(np.full(len(x), IMAGES))))
        true = differences(truth[:, None])[:, 0]
        ends = np.array([contrast.ci95 for contrast in ranking.contrasts])
        simultaneous += bool(np.all((ends[:, 0] <= true) & (true <= ends[:, 1])))
        best = ranking.letters[int(np.argmax(truth))] or ""
        kept += bool(set(best) & set(ranking.letters[0] or ""))
        luck += x[0].mean() - truth[0]
    return simultaneous / replicates, kept / replicates, luck / replicates


def planned(
    source: Source, seeds: int, difference: float, replicates: int, rng: np.random.Generator
) -> tuple[int, float]:
    """The median number of seeds that ``seeds`` seeds plan for ``difference``, and its power.

    The power is that of finding ``difference`` between any two of the rows, which have no other:
    one row is raised by it.
    """
    floor = image_floor(np.full(len(source.true), IMAGES))
    plans = []
    for _ in range(200):
        made = rank((source.draw(rng, seeds), floor))[0].plan
        plans.append(made.seeds(difference) or np.inf if made else np.inf)
    median = round(np.median(plans))
    found = 0.0
    for _ in range(replicates):
        x = source.draw(rng, median)
        x[0] += difference
        found += np.mean([significant(each.p) for each in rank((x, floor))[0].differences if each])
    return median, found / replicates


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    print("\n| " + " | ".join(head) + " |\n" + "|---" * len(head) + "|")
    for row in rows:
        cells = (f"{100 * cell:.1f}" if isinstance(cell, float) else str(cell) for cell in row)
        print("| " + " | ".join(cells) + " |", flush=True)


def show_claims(sources: Sequence[Source], many: int, rng: np.random.Generator) -> None:
    print("\nVerdicts on equal rows that say something of …, %")
    table(
        ["", "rows", "seeds", *CLAIMS, "any"],
        (
            [source.name, rows, seeds, *claims(source, rows, seeds, many, rng).values()]
            for source in sources
            for rows in CROSSED
            if rows <= len(source.true)
            for seeds in (2, 3, 6)
        ),
    )
    print("\nThe same beside rows of which all runs fail, and half of them; these claims are true:")
    print("the first column alone counts")
    table(
        ["", "rows", "seeds", *CLAIMS, "any"],
        (
            [source.name, rows, seeds, *claims(source, rows, seeds, many, rng, (1, 0.5)).values()]
            for source in sources[:1] + sources[-1:]
            for rows in (3, 6)
            for seeds in (2, 3, 6)
        ),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="*", type=Path, metavar="RUNS")
    parser.add_argument("--replicates", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng, many = np.random.default_rng(options.seed), options.replicates
    sets = {folder.name: read(folder) for folder in options.runs}
    for name, found in sets.items():
        sds = ", ".join(f"{100 * sd:.2f}" for sd in sorted(found.std(axis=1, ddof=1)))
        print(f"{name}: {found.shape[0]} rows, {found.shape[1]} seeds; SD in points: {sds}")
    nulls = [real(name, centred(found)) for name, found in sets.items()]
    show_claims([*SIMULATED, *nulls], many, rng)
    print("\nFalse alarms, %: any difference found where there is none")
    table(
        ["", "seeds", *METHODS],
        (
            [source.name, seeds, *false_alarms(source, seeds, many, rng).values()]
            for source in [*nulls, *SIMULATED]
            for seeds in (3, 6)
        ),
    )
    for name, found in sets.items():
        show_truth(real(name, found), real(name, centred(found)), many, rng)


def show_truth(truth: Source, null: Source, many: int, rng: np.random.Generator) -> None:
    print(f"\n{truth.name}: power, %: part of the true differences found")
    table(
        ["points", "seeds", *METHODS],
        (
            [
                f"{100 * sizes[0]:g} to {100 * sizes[1]:g}",
                seeds,
                *power(truth, seeds, sizes, many // 2, rng).values(),
            ]
            for sizes, counts in ((SMALL, SEEDS), (LARGE, (2, 3)))
            for seeds in counts
        ),
    )
    print(f"\n{MODERATED}: how often, in %, all intervals hold the truth and the best row is kept")
    table(
        ["", "seeds", "all intervals", "true best kept", "first too high, points"],
        (
            [source.name, seeds, *shares, f"{100 * luck:.3f}"]
            for source in (truth, null)
            for seeds in (2, 3, 4, 6)
            for *shares, luck in [coverage(source, seeds, many, rng)]
        ),
    )
    print(f"\n{MODERATED}: seeds planned for a difference, and its power in %")
    table(
        ["rows", "planned with", "points", "seeds", "power"],
        (
            [
                rows,
                seeds,
                f"{100 * size:g}",
                *planned(some(null, rows), seeds, size, many // 4, rng),
            ]
            for rows in (2, 4, len(null.true))
            for seeds in (3, 6)
            for size in (0.002, 0.005)
        ),
    )


if __name__ == "__main__":
    main()
