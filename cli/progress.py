"""Progress on stderr: two bars in a terminal, a line an epoch elsewhere."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any

import click

from nnbasic.cli.numbers import percent, short
from nnbasic.cli.terminal import err
from nnbasic.model import Epoch, Step

try:
    from tqdm import tqdm
except ValueError as error:
    raise click.UsageError(f"A variable TQDM_… of the environment is wrong: {error}") from None

__all__ = ["figures", "shown", "tqdm"]

tqdm.monitor_interval = 0  # no thread: a run forks, which beside a thread may deadlock

REFRESH = 0.1
"""Seconds after which the figures beside a bar are drawn anew."""


def shown(
    events: Iterable[Step | Epoch], epochs: int, steps: int, done: int
) -> Iterator[Step | Epoch]:
    """Pass ``events`` on and show them: ``epochs`` of ``steps`` batches, ``done`` already done."""
    events = iter(events)
    first = list(itertools.islice(events, 1))  # a training that cannot begin shows no bar
    bars = _Bars(epochs, steps, done) if sys.stderr.isatty() else None
    try:
        for event in itertools.chain(first, events):
            if isinstance(event, Epoch):
                line = figures(event, epochs)
                if bars:
                    bars.write(line)
                else:
                    err(line)
            elif bars:
                bars.step(event)
            yield event
    finally:
        if bars:
            bars.close()


class _Bars:
    """A bar over the epochs, and one over the batches of the current epoch."""

    def __init__(self, epochs: int, steps: int, done: int) -> None:
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

    def step(self, result: Step) -> None:
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
        with self.epochs.external_write_mode(file=sys.stderr):
            err(line)

    def close(self) -> None:
        """Clear the bars off the screen, with the ^C that a terminal writes there."""
        self.batches.close()
        self.epochs.close()
        print(end="\033[J", file=sys.stderr, flush=True)


def figures(result: Epoch, epochs: int) -> str:
    """The figures of an epoch in one line: at most 80 columns for fewer than 100 epochs."""

    def of(part: str) -> str:
        loss, accuracy = result.metrics[f"{part}_loss"], result.metrics[f"{part}_accuracy"]
        return f"{part} loss {short(loss)} acc {percent(accuracy)} %"

    parts = [f"epoch {result.epoch:>{len(str(epochs))}}/{epochs}", of("train")]
    if "val_loss" in result.metrics:
        parts.append(of("val"))
    return "  ".join([*parts, f"{result.seconds:.1f} s"])
