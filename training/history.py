"""What follows from the epochs of a run so far: which one is the best, and when to stop early."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nnbasic.configs import EarlyStopping
    from nnbasic.training.record import EpochRow


def best_epoch(history: Sequence[EpochRow]) -> EpochRow | None:
    """The first epoch of the highest validation accuracy; without validation, the last epoch."""
    if not history or history[-1].val_accuracy is None:
        return history[-1] if history else None
    return max(history, key=lambda epoch: epoch.val_accuracy or 0)


def patience_is_over(stopping: EarlyStopping, history: Sequence[EpochRow]) -> bool:
    """Whether the metric has not improved by ``min_delta`` for ``patience`` epochs.

    A function of the metrics alone, so that a resumed run decides as an uninterrupted one.
    """
    sign = 1 if stopping.metric == "val_accuracy" else -1
    best, waited = float("-inf"), 0
    for epoch in history:
        value: float | None = getattr(epoch, stopping.metric)
        # a loss that was not finite is null in the file: no improvement, whatever it was
        if value is not None and sign * value > best + stopping.min_delta:
            best, waited = sign * value, 0
        else:
            waited += 1
    return waited >= stopping.patience
