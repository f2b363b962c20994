"""A learning rate for each cell of a sweep, chosen on validation data with seeds of its own.

Activations and initialisations want different rates: at one rate for all, a comparison shows
whom that rate suits. Each cell is tried on a grid of half decades around its config's rate, and
the grid grows while the best rate lies at its edge.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean

from nnbasic.configs import Config
from nnbasic.data import Dataset
from nnbasic.runs.storage import RunError
from nnbasic.sweeps.plan import Attempt, Cell, Job, Key, attempts, jobs

FOLDER = ".lr-search"
"""Where the trials go, below the runs: hidden, since they are no part of the comparison."""

GRID = range(-2, 3)
"""The first grid, in half decades from the config's rate."""

FARTHEST = 4
"""How many half decades from the config's rate the grid may grow to."""

SEEDS = (1_000_000, 1_000_001)
"""The trials' seeds, counted from the config's: none of a run that is compared."""


def choose_rates(
    cells: Sequence[Cell],
    datasets: Mapping[str, Dataset],
    runs: Path,
    carry_out: Callable[[list[Job], Path], object],
) -> tuple[list[Cell], list[str]]:
    """``cells`` with the rate of the highest mean validation accuracy, and a note of the choice.

    ``carry_out`` does the trials, in ``runs``/.lr-search, unless they are there. A cell of which
    a trial did not end is left out, for another rate might be chosen with it; why stands in the
    second list. RunError if a cell has no validation data, or two differ in their rate alone.
    """
    if len({_at(cell.config, 1.0).identity() for cell in cells}) < len(cells):
        raise RunError("--lr-search chooses optimizer.lr for each combination; do not --vary it")
    searches = [_Search(cell, datasets) for cell in cells]
    growing = searches
    while growing:
        trials = [job for search in growing for job in search.new_trials()]
        carry_out(trials, runs / FOLDER)
        there = attempts(runs / FOLDER)
        growing = [search for search in growing if search.goes_on(there)]
    chosen = [search.choice() for search in searches if not search.problem]
    return chosen, [search.problem for search in searches if search.problem]


class _Search:
    """The search for the rate of one cell."""

    def __init__(self, cell: Cell, datasets: Mapping[str, Dataset]) -> None:
        if cell.config.data.validation == 0:
            raise RunError(
                f"--lr-search: {cell.name} has no validation data to choose by; set data.validation"
                " above 0"
            )
        self.cell = cell
        self.datasets = datasets
        self.grid = set(GRID)
        self.scores: dict[int, float] = {}
        self.problem = ""

    def new_trials(self) -> list[Job]:
        return [job for step in sorted(self.grid - set(self.scores)) for job in self._trials(step)]

    def goes_on(self, there: Mapping[Key, Sequence[Attempt]]) -> bool:
        """Read how the new trials went, and grow the grid if the best rate is at its edge."""
        for step in sorted(self.grid - set(self.scores)):
            accuracies = [_accuracy(there.get(job.key, ())) for job in self._trials(step)]
            if None in accuracies:
                self.problem = (
                    f"{self.cell.name}: no learning rate chosen, as trials at {self._rate(step):g}"
                    " did not end"
                )
                return False
            self.scores[step] = fmean(each for each in accuracies if each is not None)
        best = self._best()
        if best in (min(self.grid), max(self.grid)) and abs(best) < FARTHEST:
            self.grid.add(best + (1 if best > 0 else -1))
            return True
        if not self.scores[best]:
            self.problem = f"{self.cell.name}: no learning rate chosen, as it diverges at every one"
        return False

    def choice(self) -> Cell:
        best = self._best()
        tried = ", ".join(f"{self._rate(k):g}: {self.scores[k]:.4f}" for k in sorted(self.scores))
        edge = " (at the edge of the grid)" if best in (min(self.grid), max(self.grid)) else ""
        note = (
            f"optimizer.lr {self._rate(best):g}{edge} chosen by the mean validation accuracy of"
            f" {len(SEEDS)} other seeds: {tried}"
        )
        return replace(self.cell, config=_at(self.cell.config, self._rate(best)), note=note)

    def _best(self) -> int:
        """Of the rates with the highest accuracy, the lowest."""
        return max(sorted(self.scores), key=self.scores.__getitem__)

    def _trials(self, step: int) -> list[Job]:
        config = _at(self.cell.config, self._rate(step)).model_copy(update={"diagnostics": False})
        cell = Cell(f"{self.cell.name}-lr-{self._rate(step):g}", config)
        return jobs([cell], [config.seed + seed for seed in SEEDS], self.datasets)

    def _rate(self, step: int) -> float:
        rate = self.cell.config.optimizer.lr
        return float(f"{rate * 10 ** (step / 2):.3g}") if step else rate


def _at(config: Config, rate: float) -> Config:
    return config.model_copy(update={"optimizer": replace(config.optimizer, lr=rate)})


def _accuracy(attempts: Sequence[Attempt]) -> float | None:
    """The best validation accuracy of a trial: none if it diverged, None if it did not end."""
    for status, _, record in attempts:
        if status == "finished" and record.best:
            return record.best["val_accuracy"]
        if status == "diverged":
            return 0.0
    return None
