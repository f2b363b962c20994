"""Whether training a network fits in this machine, known before anything is allocated."""

from __future__ import annotations

import os

import numpy as np

from nnbasic.configs import cgroups
from nnbasic.configs.schema import Config
from nnbasic.model.network import hidden_activations, parameter_count

MIB, GIB = 2**20, 2**30

PROGRAM = 160 * MIB
"""What every training takes: Python and its libraries, the images, free space in the heap."""

MAPPED = 128 * MIB
"""Address space that the libraries of a training map beside the memory that it takes."""

PROCESS = 12 * MIB
"""What each further process takes for itself."""

ROWS = 512
"""The most images that are scored or diagnosed at a time."""


def shortage(config: Config, processes: int = 1) -> str | None:
    """Why ``config`` cannot be trained here by so many processes; None if there is enough memory.

    None too where the system does not say how much there is.
    """
    needed, available = training_memory(config, processes), physical_memory()
    if available is None or needed <= available:
        return None
    reason = f"training would take about {_gib(needed)}; there is {_gib(available)} of memory here"
    if processes > 1:
        reason += f"; with OPENBLAS_NUM_THREADS=1 it would take {_gib(training_memory(config))}"
    return reason


def training_memory(config: Config, processes: int = 1) -> int:
    """Bytes that training takes at its peak, in all processes together: an estimate.

    It counts what grows with the parameters or with the rows of a batch. Trainings on MNIST that
    took 270 to 780 MiB in one process took 0.77 to 1.02 of it.
    """
    activations = hidden_activations(config.layers, config.activation)
    hidden = list(zip(activations, config.layers[1:-1], strict=True))
    affine = [*(activation.inputs(units) for activation, units in hidden), config.layers[-1]]
    weights = [inputs * units for inputs, units in zip(config.layers[:-1], affine, strict=True)]
    itemsize = np.dtype(config.dtype).itemsize
    parameters = itemsize * parameter_count(config.layers, config.activation)
    moments = sum(state.size for state in config.optimizer.init(np.zeros(1)).values() if state.ndim)

    vectors = 1 + processes + moments  # the parameters, a gradient of each process, the optimiser's
    scratch = parameters  # at the end the best ones are read beside the last ones
    if config.diagnostics:
        vectors += 1 + (processes > 1)  # a copy from before the update; forks keep the first one
        scratch = max(scratch, (8 + itemsize) * max(weights))  # the norm of an update, in float64
    share = -(-config.batch_size // processes)
    rows = config.batch_size - share + max(share, ROWS)
    # outputs, gradients and work arrays of an affine layer and its activation; the gathered pixels
    values = 2 * sum(affine) + 3 * sum(config.layers[1:]) + 2 * config.layers[0]
    gathered = processes * weights[0]
    training = vectors * parameters + (rows * values + gathered) * itemsize + scratch

    beginning = parameters + 18 * max(weights)
    resuming = 2 * (1 + moments) * parameters  # read as a whole before anything is set
    return PROGRAM + (processes - 1) * PROCESS + max(beginning, training, resuming)


def physical_memory() -> int | None:
    """Bytes of memory that this process may take; None where the system does not say (Windows).

    All of this machine's or its container's, or what `ulimit -v` leaves of the address space.
    """
    try:
        import resource

        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    except (ImportError, ValueError, OSError):
        return None
    if limit != resource.RLIM_INFINITY:
        size = min(size, max(0, limit - MAPPED))
    container = cgroups.memory()
    return size if container is None else min(size, container)


def _gib(size: int) -> str:
    if size < GIB:
        return f"{size / MIB:.0f} MiB"
    gib = size / GIB
    return f"{gib:,.1f} GiB" if gib < 1e6 else f"{gib:.1e} GiB"
