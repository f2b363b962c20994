"""The network and how it learns: NumPy arrays in, arrays out.

To follow a batch from the pixels to the update, read `training`, which has the loop, `network`,
`activations`, `losses` and `optimizers`. The other files serve these.
"""

from nnbasic.model.activations import ACTIVATIONS
from nnbasic.model.initializers import INITIALIZERS, Initializer
from nnbasic.model.layers import Layer, LayerError
from nnbasic.model.losses import LOSSES, METRICS, Loss
from nnbasic.model.network import MLP, Dense
from nnbasic.model.optimizers import OPTIMIZERS, Optimizer
from nnbasic.model.randomness import StepRandom, stream
from nnbasic.model.registry import Bounds
from nnbasic.model.schedules import SCHEDULES, Schedule
from nnbasic.model.training import DivergedError, Epoch, Step, Trainer, evaluate, fit

# fmt: off
__all__ = [
    "ACTIVATIONS", "INITIALIZERS", "LOSSES", "METRICS", "MLP", "OPTIMIZERS", "SCHEDULES", "Bounds",
    "Dense", "DivergedError", "Epoch", "Initializer", "Layer", "LayerError", "Loss", "Optimizer",
    "Schedule", "Step", "StepRandom", "Trainer", "evaluate", "fit", "stream",
]
# fmt: on
