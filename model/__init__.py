"""The network and how it learns: NumPy arrays in, arrays out."""

import nnbasic.model.rectifiers  # noqa: F401 - adds its activations to the table
from nnbasic.model.activations import ACTIVATIONS, Activation, ActivationError, Elementwise
from nnbasic.model.gradcheck import GradientCheck, check_gradients
from nnbasic.model.initializers import INITIALIZERS, Initializer
from nnbasic.model.losses import LOSSES, Loss
from nnbasic.model.network import MLP, hidden_activations, parameter_count
from nnbasic.model.optimizers import OPTIMIZERS, Optimizer
from nnbasic.model.randomness import stream
from nnbasic.model.registry import Bounds, Registry, hyperparameters
from nnbasic.model.schedules import SCHEDULES, Schedule
from nnbasic.model.training import (
    Batches,
    DivergedError,
    EpochResult,
    Score,
    StepResult,
    evaluate,
    first_non_finite,
    fit,
    steps,
)

__all__ = [
    "ACTIVATIONS",
    "INITIALIZERS",
    "LOSSES",
    "MLP",
    "OPTIMIZERS",
    "SCHEDULES",
    "Activation",
    "ActivationError",
    "Batches",
    "Bounds",
    "DivergedError",
    "Elementwise",
    "EpochResult",
    "GradientCheck",
    "Initializer",
    "Loss",
    "Optimizer",
    "Registry",
    "Schedule",
    "Score",
    "StepResult",
    "check_gradients",
    "evaluate",
    "first_non_finite",
    "fit",
    "hidden_activations",
    "hyperparameters",
    "parameter_count",
    "steps",
    "stream",
]
