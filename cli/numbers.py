"""Figures as text, the same in every command."""

from nnbasic.training.record import Record, binomial_error, wilson_interval

NONE = "–"
"""What stands for a figure that there is not."""

FEW = 5
"""So few right or wrong images are not normally distributed."""


def percent(share: float | None) -> str:
    """``share`` in percent, to the hundredth: one of MNIST's 10,000 test images."""
    return NONE if share is None else f"{100 * share:.2f}"


def accuracy(share: float | None, images: int) -> str:
    """An accuracy in percent with its standard error: ``98.20 ± 0.13``.

    Near 0 and 100 %, where the standard error is too small, its 95 % interval stands instead:
    ``100.00 (99.36–100.00)``.
    """
    if share is None:
        return NONE
    if min(share, 1 - share) * images >= FEW:
        return f"{percent(share)} ± {percent(binomial_error(share, images))}"
    low, high = wilson_interval(share, images)
    return f"{percent(share)} ({percent(low)}–{percent(high)})"


def tested(record: Record) -> str:
    """The `accuracy` of a run on the test images."""
    return accuracy(record.test_accuracy, record.test_images)


def short(loss: float | None) -> str:
    """A loss with four decimals, or with three digits if it is huge."""
    if loss is None:
        return NONE
    return f"{loss:.4f}" if loss < 1000 else f"{loss:.3g}"
