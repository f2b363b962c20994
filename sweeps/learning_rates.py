"""A learning rate for each cell of a sweep, chosen on validation data with other seeds.

Activations and initialisations need different rates: at one rate for all, a comparison shows which
of them that rate suits. Each cell is tried on a grid of half decades around its config's rate, and
the grid grows while the best rate lies at its edge.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean

from nnbasic.configs import Config
from nnbasic.sweeps.plan import Attempt, Cell, Images, Job, Key, jobs
from nnbasic.training.record import RateSearch
from nnbasic.training.storage import RunError

FOLDER = ".lr-search"
"""The folder of the trials, in that of the runs: hidden, for they are not to be compared."""

GRID = range(-2, 3)
"""The first grid, in half decades from the config's rate."""

FARTHEST = 4
"""How many half decades the grid may reach from the config's rate."""

SEEDS = (1_000_000, 1_000_001)
"""The seeds of the trials, added to the config's: no run that is compared has one of them."""


def choose_rates(
    cells: Sequence[Cell],
    datasets: Mapping[str, Images],
    train: Callable[[list[Job]], Mapping[Key, Sequence[Attempt]]],
) -> tuple[list[Cell], list[str]]:
    """Give each of ``cells`` the rate of the highest mean validation accuracy.

    ``train`` trains the trials that do not exist yet, and returns all. A cell with a trial that
    did not end is left out, for with it another rate might have been chosen; the second list says
    why. RunError if a cell has no validation data, or two cells differ in their rate alone.
    """
    if len({at_rate(cell.config, 1.0).identity() for cell in cells}) < len(cells):
        raise RunError("--lr-search chooses optimizer.lr for each combination; do not --vary it")
    searches = [_Search(cell, datasets) for cell in cells]
    growing = searches
    while growing:
        there = train([job for search in growing for own in search.trials.values() for job in own])
        growing = [search for search in growing if search.goes_on(there)]
    chosen = [search.chosen() for search in searches if not search.problem]
    return chosen, [search.problem for search in searches if search.problem]


class _Search:
    """The search for the rate of one cell."""

    def __init__(self, cell: Cell, datasets: Mapping[str, Images]) -> None:
        if cell.config.data.validation == 0:
            raise RunError(
                f"--lr-search: {cell.name} has no validation data to choose by; set data.validation"
                " above 0"
            )
        self.cell = cell
        self.datasets = datasets
        self.trials = {step: self._trials(step) for step in GRID}
        self.scores: dict[int, float] = {}
        self.problem = ""

    def goes_on(self, there: Mapping[Key, Sequence[Attempt]]) -> bool:
        """Read the accuracies of the trials; go one rate beyond if the best is at the edge."""
        for step, trials in self.trials.items():
            accuracies = [_accuracy(there.get(job.key, ())) for job in trials]
            if None in accuracies:
                self.problem = (
                    f"{self.cell.name}: no learning rate chosen, because trials at"
                    f" {self._rate(step):g} did not end"
                )
                return False
            self.scores[step] = fmean(each for each in accuracies if each is not None)
        best = self._best()
        if best in (min(self.scores), max(self.scores)) and abs(best) < FARTHEST:
            beyond = best + (1 if best > 0 else -1)
            self.trials = {beyond: self._trials(beyond)}
            return True
        if not self.scores[best]:
            self.problem = f"{self.cell.name}: no learning rate chosen, because it diverges at each"
        return False

    def chosen(self) -> Cell:
        """The cell with the best rate."""
        rate = self._rate(self._best())
        search = RateSearch(
            given=self._rate(0),
            chosen=rate,
            tried={self._rate(step): self.scores[step] for step in sorted(self.scores)},
            seeds=len(SEEDS),
        )
        return replace(self.cell, config=at_rate(self.cell.config, rate), rate_search=search)

    def _best(self) -> int:
        """The step of the highest accuracy; of equal ones, the lowest."""
        return max(sorted(self.scores), key=self.scores.__getitem__)

    def _trials(self, step: int) -> list[Job]:
        config = replace(at_rate(self.cell.config, self._rate(step)), diagnostics=False)
        cell = Cell(f"{self.cell.name}-lr-{self._rate(step):g}", config)
        return jobs([cell], [config.seed + seed for seed in SEEDS], self.datasets)

    def _rate(self, step: int) -> float:
        rate = self.cell.config.optimizer.lr
        return float(f"{rate * 10 ** (step / 2):.3g}") if step else rate


def at_rate(config: Config, rate: float) -> Config:
    """``config`` with this learning rate."""
    return replace(config, optimizer=replace(config.optimizer, lr=rate))


def _accuracy(attempts: Sequence[Attempt]) -> float | None:
    """The best validation accuracy of a trial: 0 if it diverged, None if it did not end."""
    for status, _, record in attempts:
        if status in ("finished", "collapsed"):
            return record.val_accuracy
        if status == "diverged":
            return 0.0
    return None
