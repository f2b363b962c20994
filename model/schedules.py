"""Learning rate schedules: a factor of the optimiser's rate, as a function of the step.

Lengths are fractions of the whole training, so that a schedule keeps its shape when the number
of epochs or the batch size changes.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated

from nnbasic.model.registry import Bounds, Component, Registry

Fraction = Annotated[float, Bounds(ge=0, le=1)]


@dataclass(init=False)
class Schedule(Component, ABC):
    """A linear rise over the first ``warmup`` of all steps, then the shape of the class."""

    warmup: Annotated[float, Bounds(ge=0, lt=1)] = 0.0

    @abstractmethod
    def shape(self, progress: float) -> float:
        """The factor where ``progress`` of the steps after the warm-up, 0 to 1, is done."""

    def __call__(self, step: int, steps: int) -> float:
        """The factor of step ``step`` (from 0) of ``steps``; the last step has progress 1."""
        rise = round(self.warmup * steps)
        if step < rise:
            return (step + 1) / (rise + 1)
        return self.shape((step - rise) / max(steps - rise - 1, 1))


SCHEDULES: Registry[Schedule] = Registry("schedule", Schedule)


@SCHEDULES.register("constant")
class Constant(Schedule):
    """1 throughout."""

    def shape(self, progress: float) -> float:
        return 1.0


@SCHEDULES.register("step")
class StepDown(Schedule):
    """Times ``gamma`` at each of the ``milestones``."""

    milestones: tuple[Fraction, ...] = (0.5, 0.75)
    gamma: Annotated[float, Bounds(gt=0, le=1)] = 0.1

    def shape(self, progress: float) -> float:
        return self.gamma ** sum(progress >= milestone for milestone in self.milestones)


@SCHEDULES.register("exponential")
class Exponential(Schedule):
    """From 1 to ``final`` by the same factor each step."""

    final: Annotated[float, Bounds(gt=0, le=1)] = 0.01

    def shape(self, progress: float) -> float:
        return float(self.final**progress)


@SCHEDULES.register("cosine")
class Cosine(Schedule):
    """From 1 to ``final`` along half a cosine (Loshchilov & Hutter 2017, eq. 5)."""

    final: Fraction = 0.0

    def shape(self, progress: float) -> float:
        return self.final + (1 - self.final) * (1 + math.cos(math.pi * progress)) / 2


@SCHEDULES.register("linear")
class Linear(Schedule):
    """From 1 to ``final`` along a line."""

    final: Fraction = 0.0

    def shape(self, progress: float) -> float:
        return 1 + (self.final - 1) * progress


@SCHEDULES.register("one_cycle")
class OneCycle(Schedule):
    """From ``initial`` up to 1 at ``peak_at``, then down to ``final`` (Smith & Topin 2018)."""

    peak_at: Annotated[float, Bounds(gt=0, lt=1)] = 0.3
    initial: Fraction = 0.04
    final: Fraction = 0.0

    def shape(self, progress: float) -> float:
        if progress < self.peak_at:
            return self.initial + (1 - self.initial) * progress / self.peak_at
        return self.final + (1 - self.final) * (1 - progress) / (1 - self.peak_at)
