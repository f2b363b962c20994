"""Progress on stderr: two bars in a terminal, a line an epoch elsewhere."""

from __future__ import annotations

import itertools
import sys
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

tqdm.monitor_interval = 0  # no thread: a run forks, which beside a thread may deadlock


def shown(
    events: Iterable[Step | Epoch], epochs: int, steps: int, done: int
) -> Iterator[Step | Epoch]:
    """Pass ``events`` on and show them: ``epochs`` of ``steps`` batches, ``done`` already done."""
    events = iter(events)
    first = list(itertools.islice(events, 1))  # a training that cannot begin shows no bar
    width = len(str(max(epochs, steps)))
    layout = "{percentage:3.0f}%|{bar:8}| ETA {remaining}"
    # It counts batches too, so that it has an ETA before the first epoch ends.
    epoch_bar = bar(
        total=epochs * steps,
        initial=done * steps,
        bar_format=f"epoch {{desc:>{width}}}/{epochs:<{width}} {layout}",
        desc=str(done + 1),
        leave=False,
    )
    batch_bar = bar(
        total=steps,
        bar_format=f"batch {{n:>{width}}}/{steps:<{width}} {layout}{{postfix}}",
        position=1,
        leave=False,
    )
    drawn = not batch_bar.disable  # closing it disables it
    try:
        for event in itertools.chain(first, events):
            if isinstance(event, Epoch):
                print_above(epoch_bar, figures(event, epochs))
            elif drawn:
                _count(event, epoch_bar, batch_bar)
            yield event
    finally:
        batch_bar.close()
        epoch_bar.close()
        if drawn:  # the ^C that a terminal writes
            print(end="\033[J", file=sys.stderr, flush=True)


def _count(step: Step, epoch_bar: tqdm[Any], batch_bar: tqdm[Any]) -> None:
    """Count a batch; when the bar is drawn, the figures beside it are made anew."""
    if batch_bar.n == batch_bar.total:
        batch_bar.reset()
        epoch_bar.set_description_str(str(step.epoch), refresh=False)
    epoch_bar.update()
    if batch_bar.update() or batch_bar.n == batch_bar.total:  # an epoch may take less than 0.1 s
        batch_bar.set_postfix_str(
            f"loss {step.loss:.3g}, acc {100 * step.accuracy:.1f} %, lr {step.learning_rate:.2g}"
        )


def bar(**options: Any) -> tqdm[Any]:
    """A bar as wide as the terminal that stderr is; none is shown where it is something else."""
    return tqdm(disable=None, dynamic_ncols=True, **options)


def print_above(bar: tqdm[Any], line: str) -> None:
    """Print a line to stderr above the bars."""
    with bar.external_write_mode(file=sys.stderr):
        err(line)


def figures(result: Epoch, epochs: int) -> str:
    """The figures of an epoch in one line: at most 80 columns for fewer than 100 epochs."""

    def of(part: str) -> str:
        loss, accuracy = result.metrics[f"{part}_loss"], result.metrics[f"{part}_accuracy"]
        return f"{part} loss {short(loss)} acc {percent(accuracy)} %"

    parts = [f"epoch {result.epoch:>{len(str(epochs))}}/{epochs}", of("train")]
    if "val_loss" in result.metrics:
        parts.append(of("val"))
    return "  ".join([*parts, f"{result.seconds:.1f} s"])
