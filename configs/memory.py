"""Whether a network fits in this machine, known before anything is allocated."""

from __future__ import annotations

import os

import numpy as np
from pydantic import ValidationError
from pydantic_core import InitErrorDetails

from nnbasic.configs.components import wrong
from nnbasic.model import Activation, Optimizer, parameter_count

GIB = 2**30


def check_memory(
    layers: list[int], activation: Activation | list[Activation], optimizer: Optimizer, dtype: str
) -> None:
    """Raise ValidationError at ``layers`` unless all that grows with the parameters fits.

    That is the parameters, their gradients and the state of the optimiser. The activations of a
    batch come on top of it: what passes here may still be too much, but not absurd.
    """
    state = optimizer.init(np.zeros(1))
    copies = 2 + sum(array.size for array in state.values() if array.ndim)
    needed = parameter_count(layers, activation) * copies * np.dtype(dtype).itemsize
    available = physical_memory()
    if available is not None and needed > available:
        message = (
            f"parameters, gradients and optimiser state would take {_gib(needed)}; "
            f"this machine has {_gib(available)} of memory"
        )
        error = InitErrorDetails(type=wrong(message), loc=("layers",), input=layers)
        raise ValidationError.from_exception_data("Config", [error])


def physical_memory() -> int | None:
    """Bytes of memory in this machine; None where the system does not say (Windows)."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _gib(size: int) -> str:
    gib = size / GIB
    return f"{gib:,.1f} GiB" if gib < 1e6 else f"{gib:.1e} GiB"
