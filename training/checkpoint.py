"""All state that a run needs to be resumed exactly, in one `.npz` of plain arrays.

No random generator is saved: what is random in an epoch depends on the seed and the number of the
epoch alone (see `nnbasic.model.randomness`), so that number is the whole state.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from nnbasic.data.files import replacing
from nnbasic.model import MLP
from nnbasic.model.arrays import Array
from nnbasic.training.npz import DamagedError, read_arrays
from nnbasic.training.storage import RunError

LARGEST_STATE = 8
"""How many times as large as the parameters a checkpoint may be: an optimiser's state is in it."""


class Progress(NamedTuple):
    """How many epochs and steps are behind a checkpoint."""

    epoch: int
    step: int


def save(path: Path, network: MLP, state: dict[str, Array], progress: Progress) -> None:
    """Replace the checkpoint at ``path``; the old one stays until the new one is complete."""
    arrays = _named(network, state) | {k: np.array(v) for k, v in progress._asdict().items()}
    with replacing(path) as file:
        np.savez(file, allow_pickle=False, **arrays)


def restore(path: Path, network: MLP, state: dict[str, Array] | None = None) -> Progress:
    """Read the parameters, and ``state`` if given, in place; if this fails, nothing is changed.

    RunError if the file is missing, damaged, a pickle, or of another network.
    """
    expected = _named(network, state or {})
    counts = dict.fromkeys(Progress._fields, np.zeros((), np.int64))
    size = sum(array.nbytes for array in expected.values())
    try:
        loaded = read_arrays(path, [*counts, *expected], LARGEST_STATE * size)
    except FileNotFoundError:
        raise RunError(f"{path}: there is no such checkpoint") from None
    except KeyError as error:
        raise RunError(f"{path}: not a checkpoint of this network: {error.args[0]}") from None
    except DamagedError as error:
        raise RunError(
            f"{path}: damaged, or not a checkpoint ({error}); use the other checkpoint of the run,"
            " or train it again"
        ) from None
    for name, array in (expected | counts).items():
        found = loaded[name]
        if (found.dtype, found.shape) != (array.dtype, array.shape):
            raise RunError(
                f"{path}: not a checkpoint of this network: {name} is {found.dtype}"
                f" {found.shape}, expected {array.dtype} {array.shape}"
            )
    for name, array in expected.items():
        array[...] = loaded[name]
    return Progress(int(loaded["epoch"]), int(loaded["step"]))


def _named(network: MLP, state: dict[str, Array]) -> dict[str, Array]:
    parts = {"parameters": network.parameters, "optimizer": state}
    return {
        f"{part}/{name}": each for part, arrays in parts.items() for name, each in arrays.items()
    }
