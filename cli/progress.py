"""Progress on stderr: two bars in a terminal, a line an epoch elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nnbasic.model import EpochResult, StepResult

REFRESH = 0.1
"""Seconds between two redrawings of the figures beside a bar."""


def shown(
    events: Iterable[StepResult | EpochResult], epochs: int, steps: int, done: int
) -> Iterator[StepResult | EpochResult]:
    """Pass ``events`` on, showing them: ``epochs`` of ``steps`` batches, ``done`` epochs past."""
    if sys.stderr.isatty():
        return _bars(events, epochs, steps, done)
    return _lines(events, epochs)


def _lines(
    events: Iterable[StepResult | EpochResult], epochs: int
) -> Iterator[StepResult | EpochResult]:
    from nnbasic.model import EpochResult

    for event in events:
        if isinstance(event, EpochResult):
            print(f"epoch {event.epoch}/{epochs}  {figures(event)}", file=sys.stderr, flush=True)
        yield event


def _bars(
    events: Iterable[StepResult | EpochResult], epochs: int, steps: int, done: int
) -> Iterator[StepResult | EpochResult]:
    from tqdm import tqdm

    from nnbasic.model import EpochResult

    layout = "{desc} {percentage:3.0f}%|{bar:14}| {n_fmt}/{total_fmt} [{remaining}]{postfix}"
    style: dict[str, Any] = {"bar_format": layout, "dynamic_ncols": True}
    with (
        tqdm(total=epochs, initial=done, desc="epochs ", **style) as outer,
        tqdm(total=steps, desc="batches", leave=False, position=1, **style) as inner,
    ):
        drawn = 0.0
        for event in events:
            if isinstance(event, EpochResult):
                outer.write(
                    f"epoch {event.epoch:>{len(str(epochs))}}  {figures(event)}", sys.stderr
                )
                outer.update()
                inner.reset()
            else:
                if (moment := time.perf_counter()) - drawn > REFRESH:
                    drawn = moment
                    inner.set_postfix_str(
                        f"loss {event.loss:.3f}, acc {event.accuracy:.3f},"
                        f" lr {event.learning_rate:.3g}",
                        refresh=False,
                    )
                inner.update()
            yield event


def figures(result: EpochResult) -> str:
    """The figures of an epoch in one line of less than 80 columns."""
    parts = [f"train loss {result.train_loss:.4f}, accuracy {100 * result.train_accuracy:.2f} %"]
    if result.val_accuracy is not None:
        parts.append(f"validation {result.val_loss:.4f}, {100 * result.val_accuracy:.2f} %")
    return "; ".join([*parts, f"{result.epoch_seconds:.1f} s"])
