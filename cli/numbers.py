"""Figures as text, the same in every command."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nnbasic.training.record import Record

NONE = "–"
"""What stands for a figure that there is not."""


def percent(share: float | None) -> str:
    """``share`` in percent, to the hundredth: one of MNIST's 10,000 test images."""
    return NONE if share is None else f"{100 * share:.2f}"


def accuracy(share: float | None, error: float | None) -> str:
    """An accuracy in percent with its standard error: ``98.20 ± 0.13``."""
    return NONE if share is None else f"{percent(share)} ± {percent(error)}"


def tested(record: Record) -> str:
    """The `accuracy` of a run on the test images."""
    return accuracy(record.test_accuracy, record.test_error)


def short(loss: float) -> str:
    """A loss with four decimals, or with three digits if it is huge."""
    return f"{loss:.4f}" if loss < 1000 else f"{loss:.3g}"
