"""All state that a run needs to be resumed exactly, in one `.npz` of plain arrays.

No random generator is saved: what is random in an epoch depends on the seed and the number of the
epoch alone (see `nnbasic.model.randomness`), so that number is the whole state.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nnbasic.data.files import replacing
from nnbasic.model import MLP
from nnbasic.model.arrays import Array
from nnbasic.training.npz import read_arrays
from nnbasic.training.storage import RunError

LARGEST_STATE = 8
"""How many times as large as the parameters a checkpoint may be: an optimiser's state is in it."""


def save(path: Path, network: MLP, state: dict[str, Array], epoch: int) -> None:
    """Replace the checkpoint at ``path``; the old one stays until the new one is complete.

    ``epoch`` is how many are behind it.
    """
    with replacing(path) as file:
        np.savez(file, allow_pickle=False, epoch=np.array(epoch), **_named(network, state))


def restore(path: Path, network: MLP, state: dict[str, Array] | None = None) -> int:
    """Read the parameters, and ``state`` if given, in place; the number of epochs behind them.

    RunError if the file is missing, damaged, a pickle, or of another network; then nothing is
    changed.
    """
    expected = {**_named(network, state or {}), "epoch": np.zeros((), np.int64)}
    size = sum(array.nbytes for array in expected.values())
    loaded = read_arrays(path, list(expected), LARGEST_STATE * size)
    for name, array in expected.items():
        found = loaded[name]
        if (found.dtype, found.shape) != (array.dtype, array.shape):
            raise RunError(
                f"{path}: not a checkpoint of this network: {name} is {found.dtype}"
                f" {found.shape}, expected {array.dtype} {array.shape}"
            )
    for name, array in expected.items():
        array[...] = loaded[name]
    return int(expected["epoch"])


def _named(network: MLP, state: dict[str, Array]) -> dict[str, Array]:
    parameters = {f"parameters/{name}": array for name, array in network.parameters.items()}
    return parameters | {f"optimizer/{name}": array for name, array in state.items()}
