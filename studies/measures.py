"""What a study measures in a run, by name: ``val_accuracy``, ``epochs_to(0.97)``.

Accuracies and shares are in percent. A measure is `math.inf` where a run never came to it, and None
where it is not known.
"""

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from nnbasic.compare.measures import by_layer, first_at, ratio, worst
from nnbasic.model.arrays import Array
from nnbasic.training.collection import RunData

Figure = Callable[[RunData], float | None]


@dataclass(frozen=True)
class Measure:
    """A figure of a run.

    Where the ``figure`` is infinite, the run counts as if it had been ``beyond`` the end. It is
    counted in steps of ``step``, 0 if it is continuous; ``binary`` if it is either 0 or 100.
    ``of_choices`` asks for the share of a choice in the variance of the figure between all runs.
    """

    name: str
    unit: str
    figure: Figure
    beyond: Figure = lambda run: None
    step: Callable[[RunData], float] = lambda run: 0.0
    binary: bool = False
    of_choices: bool = False

    def value(self, run: RunData) -> float | None:
        figure = self.figure(run)
        return self.beyond(run) if figure == math.inf else figure

    def variance(self, values: Array, run: RunData) -> float:
        """The variance of ``values`` (seeds,) at least, though all be equal.

        That of rounding to steps; for runs that failed or not that of a share of (x + 1) / (n + 2).
        """
        if not self.binary:
            return self.step(run) ** 2 / 12
        share = (float(values.sum()) / 100 + 1) / (len(values) + 2)
        return 100**2 * share * (1 - share)


def measure(name: str) -> Measure:
    """The measure called ``name``; ValueError if there is none."""
    word, _, share = name.removesuffix(")").partition("(")
    try:
        if word == "epochs_to" and 0 < float(share) < 1:
            first = partial(first_at, threshold=float(share), key="epoch")
            return Measure(name, "epochs", first, one_epoch_more, lambda run: 1)
        if word == "seconds_to" and 0 < float(share) < 1:
            first = partial(first_at, threshold=float(share), key="elapsed_seconds")
            return Measure(name, "s", first, whole_seconds)
        return next(each for each in MEASURES if each.name == name)
    except (ValueError, StopIteration):
        known = ["epochs_to(0.97)", "seconds_to(0.97)", *(each.name for each in MEASURES)]
        message = f"there is no measure {name!r}; the measures are {', '.join(known)}"
        if word in ("epochs_to", "seconds_to"):
            message = f"{name!r}: its accuracy is a share between 0 and 1, as in {word}(0.95)"
        raise ValueError(message) from None


def one_epoch_more(run: RunData) -> float:
    """Later than the last epoch."""
    return float(run.record.config["epochs"] + 1)


def whole_seconds(run: RunData) -> float | None:
    """The time that all epochs take, or would have taken a run that diverged."""
    seconds = seconds_per_epoch(run)
    return None if seconds is None else seconds * float(run.record.config["epochs"])


def loss_of_guessing(run: RunData) -> float:
    """The cross-entropy of equal probabilities for all classes."""
    return math.log(run.record.config["layers"][-1])


def val_accuracy(run: RunData) -> float | None:
    """The best validation accuracy; a run that diverged before it had one guesses."""
    best = run.record.val_accuracy
    if best is None and run.status == "diverged":
        best = 1 / run.record.config["layers"][-1]
    return _percent(best)


def test_accuracy(run: RunData) -> float | None:
    return _percent(run.record.test_accuracy)


def train_loss(run: RunData) -> float | None:
    """That of the last epoch; infinite in a run that diverged."""
    if run.status == "diverged":
        return math.inf
    return run.metrics[-1].train_loss if run.metrics else None


def train_accuracy(run: RunData) -> float | None:
    return _percent(run.metrics[-1].train_accuracy) if run.metrics else None


def seconds_per_epoch(run: RunData) -> float | None:
    """The median over the epochs."""
    seconds = [row.epoch_seconds for row in run.metrics]
    return statistics.median(seconds) if seconds else None


def failed_runs(run: RunData) -> float | None:
    """100 if the run collapsed or diverged, else 0: the mean is the share of such runs."""
    return 100.0 * (run.status in ("collapsed", "diverged"))


def mean_activation(run: RunData) -> float | None:
    """How far the mean activation of a hidden layer is from 0 at the end, in standard deviations.

    The mean over the hidden layers.
    """
    means, deviations = (by_layer(run, key)[:-1] for key in ("mean", "sd"))
    ratios = [
        abs(mean) / deviation
        for mean, deviation in zip(means, deviations, strict=True)
        if mean is not None and deviation
    ]
    return statistics.fmean(ratios) if ratios else None


def variance_ratio(run: RunData) -> float | None:
    """The variance of the activations over the images, of the last hidden layer over the first.

    Before the first step: above 1 if the signal grows with depth, below 1 if it shrinks.
    """
    found = ratio(by_layer(run, "image_sd", 0)[-2::-1])  # from the last hidden layer to the first
    return None if found is None else found * found  # ** would raise beyond floats


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _unit(run: RunData) -> float:
    """In percent of the narrowest hidden layer."""
    return 100 / min(run.record.config["layers"][1:-1], default=1)


MEASURES = (
    Measure("val_accuracy", "points", val_accuracy, step=lambda run: 100 / run.record.val_images),
    Measure(
        "test_accuracy", "points", test_accuracy, step=lambda run: 100 / run.record.test_images
    ),
    Measure("train_accuracy", "points", train_accuracy),
    Measure("train_loss", "", train_loss, loss_of_guessing),
    Measure("seconds_per_epoch", "s", seconds_per_epoch),
    Measure("dead_units", "points", lambda run: _percent(worst(run, "dead")), step=_unit),
    Measure("saturated_units", "points", lambda run: _percent(worst(run, "saturated"))),
    Measure("mean_activation", "SD", mean_activation),
    Measure("gradient_ratio_before", "", lambda run: ratio(by_layer(run, "gradient_norm", 0))),
    Measure("gradient_ratio", "", lambda run: ratio(by_layer(run, "gradient_norm"))),
    Measure(
        "error_ratio_before", "", lambda run: ratio(by_layer(run, "preactivation_gradient_norm", 0))
    ),
    Measure("variance_ratio_before", "", variance_ratio),
    Measure("failed_runs", "points", failed_runs, binary=True),
    Measure("variance_share", "points", val_accuracy, of_choices=True),
)
"""Those without an argument; docs/studies.md describes them all."""
