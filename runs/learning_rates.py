"""A learning rate for each cell of a sweep, chosen on validation data with seeds of its own.

Activations and initialisations want different rates: at one rate for all, a comparison shows
whom that rate suits. Each cell is tried on a grid of half decades around its config's rate, and
the grid grows while the best rate lies at its edge.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from nnbasic.configs import Config
from nnbasic.runs.files import RunError
from nnbasic.runs.locate import all_runs
from nnbasic.runs.sweep import Cell, Job

FOLDER = ".lr-search"
"""Where the trials go, below the runs: hidden, since they are no part of the comparison."""

GRID = range(-2, 3)
"""The first grid, in half decades from the config's rate."""

FARTHEST = 4
"""How many half decades from the config's rate the grid may grow to."""

FIRST_SEED = 1_000_000
SEEDS = 2
"""The trials' seeds are not those of any run that is compared."""

Scores = dict[str, list[float]]


def choose_rates(
    cells: Sequence[Cell], runs: Path, execute: Callable[[list[Job]], object]
) -> list[Cell]:
    """``cells`` with the rate of the highest mean validation accuracy, and a note of the choice.

    ``execute`` carries out the jobs that are not done yet, in ``runs``/.lr-search. RunError if
    no rate of a cell trained to the end.
    """
    grids = [set(GRID) for _ in cells]
    pairs = list(zip(cells, grids, strict=True))
    while True:
        execute([job for cell, grid in pairs for job in trials(cell, grid)])
        scores = _scores(runs / FOLDER)
        grown = False
        for cell, grid in pairs:
            best = _best(cell, grid, scores)
            for edge, beyond in ((min(grid), min(grid) - 1), (max(grid), max(grid) + 1)):
                if best == edge and abs(beyond) <= FARTHEST:
                    grid.add(beyond)
                    grown = True
        if not grown:
            return [_with_choice(cell, grid, scores) for cell, grid in pairs]


def trials(cell: Cell, grid: set[int]) -> list[Job]:
    """The jobs that try ``cell`` at each rate of ``grid``."""
    jobs = []
    for position in sorted(grid):
        config = _at(cell.config, position)
        name = f"{cell.name}-lr-{config.optimizer['lr']:g}"
        for seed in range(FIRST_SEED, FIRST_SEED + SEEDS):
            jobs.append(Job(config.model_copy(update={"seed": seed}), name))
    return jobs


def _rate(config: Config, position: int) -> float:
    return float(f"{config.optimizer['lr'] * 10 ** (position / 2):.3g}")


def _at(config: Config, position: int) -> Config:
    rate = _rate(config, position)
    return config.model_copy(update={"optimizer": config.optimizer | {"lr": rate}})


def _scores(folder: Path) -> Scores:
    """Best validation accuracies of the trials, by the identity of their config; 0 if diverged."""
    scores: Scores = {}
    for run in all_runs(folder):
        try:
            record = run.record()
        except RunError:
            continue
        best = record.best["val_accuracy"] if record.best else None
        if record.status == "finished" and best is not None:
            scores.setdefault(record.identity, []).append(best)
        elif record.status == "diverged":
            scores.setdefault(record.identity, []).append(0.0)
    return scores


def _mean(cell: Cell, position: int, scores: Scores) -> float:
    found = scores.get(_at(cell.config, position).identity(), [])
    return sum(found) / len(found) if found else 0.0


def _best(cell: Cell, grid: set[int], scores: Scores) -> int:
    best = max(sorted(grid), key=lambda position: _mean(cell, position, scores))
    if not _mean(cell, best, scores):
        raise RunError(
            f"the learning rate search found no rate at which {cell.name} trains to the end;"
            " give another optimizer.lr to search around"
        )
    return best


def _with_choice(cell: Cell, grid: set[int], scores: Scores) -> Cell:
    best = _best(cell, grid, scores)
    tried = ", ".join(
        f"{_rate(cell.config, p):g}: {_mean(cell, p, scores):.4f}" for p in sorted(grid)
    )
    edge = " (at the edge of the grid)" if best in (min(grid), max(grid)) else ""
    note = (
        f"optimizer.lr {_rate(cell.config, best):g}{edge} chosen by the mean validation accuracy"
        f" of {SEEDS} other seeds: {tried}"
    )
    return replace(cell, config=_at(cell.config, best), note=note)
