"""Configs that are valid but cannot train well, or not on this machine."""

from __future__ import annotations

import math
import os

import numpy as np

from nnbasic.configs.schema import Config, known_classes
from nnbasic.model.network import parameter_shapes, stack


def cautions(config: Config) -> list[str]:
    """A warning for each choice in ``config`` that may surprise, none of them twice."""
    causes = [layer.caution for layer in stack(config.layers, config.activation)]
    found = [each for each in dict.fromkeys([*causes, config.init.caution]) if each]
    classes, outputs = known_classes(config.data), config.layers[-1]
    if len(config.layers) == 2:
        found.append("there is no hidden layer: this net is a linear classifier")
    if classes and outputs > classes:
        found.append(f"{outputs - classes} of the {outputs} outputs are for no class")
    return found


def shortage(config: Config) -> str | None:
    """Why the parameters of ``config`` cannot be trained here; None if there is enough memory.

    None too where the system does not say how much there is. What grows with the batch is left out:
    where that is too much, NumPy raises a MemoryError in the training.
    """
    moments = sum(state.size for state in config.optimizer.init(np.zeros(1)).values() if state.ndim)
    copies = 2 + moments  # the parameters, their gradient, and what the optimiser keeps of each
    shapes = parameter_shapes(stack(config.layers, config.activation)).values()
    values = copies * sum(map(math.prod, shapes))
    needed = values * np.dtype(config.dtype).itemsize / 2**30
    try:
        available = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (AttributeError, ValueError, OSError):  # Windows
        return None
    if needed <= available:
        return None
    return f"training takes more than {needed:.3g} GiB of memory; this machine has {available:.3g}"
