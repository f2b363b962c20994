"""Progress on stderr: two bars in a terminal, a line an epoch elsewhere."""

from __future__ import annotations

import itertools
import sys
import time
from typing import TYPE_CHECKING, Any

from nnbasic.cli.options import short

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nnbasic.model import EpochResult, StepResult

REFRESH = 0.1
"""Seconds between two redrawings of the figures beside a bar."""


def shown(
    events: Iterable[StepResult | EpochResult], epochs: int, steps: int, done: int
) -> Iterator[StepResult | EpochResult]:
    """Pass ``events`` on, showing them: ``epochs`` of ``steps`` batches, ``done`` epochs past."""
    from nnbasic.model import EpochResult

    events = iter(events)
    first = list(itertools.islice(events, 1))  # what cannot begin shows no bar
    bars = _Bars(epochs, steps, done) if sys.stderr.isatty() else None
    try:
        for event in itertools.chain(first, events):
            if isinstance(event, EpochResult):
                line = figures(event, epochs)
                if bars:
                    bars.write(line)
                else:
                    print(line, file=sys.stderr, flush=True)
            elif bars:
                bars.step(event)
            yield event
    finally:
        if bars:
            bars.close()


class _Bars:
    """One bar over the epochs, and one over the batches of the present epoch."""

    def __init__(self, epochs: int, steps: int, done: int) -> None:
        from tqdm import tqdm

        width = len(str(max(epochs, steps)))
        layout = "{percentage:3.0f}%|{bar:8}| ETA {remaining}"
        style: dict[str, Any] = {"file": sys.stderr, "dynamic_ncols": True, "leave": False}
        # It counts batches too, so that it has an ETA before the first epoch ends.
        self.epochs = tqdm(
            total=epochs * steps,
            initial=done * steps,
            bar_format=f"epoch {{desc:>{width}}}/{epochs:<{width}} {layout}",
            desc=str(done + 1),
            **style,
        )
        self.batches = tqdm(
            total=steps,
            bar_format=f"batch {{n:>{width}}}/{steps:<{width}} {layout}{{postfix}}",
            position=1,
            **style,
        )
        self.drawn = 0.0

    def step(self, result: StepResult) -> None:
        """Count a batch, and show its figures from time to time."""
        if self.batches.n == self.batches.total:
            self.batches.reset()
            self.epochs.set_description_str(str(result.epoch), refresh=False)
        if (moment := time.perf_counter()) - self.drawn > REFRESH:
            self.drawn = moment
            self.batches.set_postfix_str(
                f"loss {result.loss:.3g}, acc {100 * result.accuracy:.1f} %,"
                f" lr {result.learning_rate:.2g}",
                refresh=False,
            )
        self.epochs.update()
        self.batches.update()

    def write(self, line: str) -> None:
        """Print a line above the bars."""
        self.epochs.write(line, sys.stderr)

    def close(self) -> None:
        """Take the bars off the screen, and with them the ^C that a terminal writes there."""
        self.batches.close()
        self.epochs.close()
        print(end="\033[J", file=sys.stderr, flush=True)


def figures(result: EpochResult, epochs: int) -> str:
    """The figures of an epoch in one line, of 80 columns at most for fewer than 100 epochs."""
    parts = [
        f"epoch {result.epoch:>{len(str(epochs))}}/{epochs}",
        f"train loss {short(result.train_loss)} acc {100 * result.train_accuracy:.2f} %",
    ]
    if result.val_loss is not None and result.val_accuracy is not None:
        parts.append(f"val loss {short(result.val_loss)} acc {100 * result.val_accuracy:.2f} %")
    return "  ".join([*parts, f"{result.epoch_seconds:.1f} s"])
