"""All state that a run needs to be resumed exactly, in one `.npz` of plain arrays.

No random generator is saved: what is random in an epoch depends on the seed and the number of the
epoch alone (see `nnbasic.model.randomness`), so that number is the whole state.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nnbasic.data.files import opened, replacing
from nnbasic.model import MLP
from nnbasic.model.arrays import Array
from nnbasic.training.storage import RunError

HEADER = 1 << 10
"""Bytes that an array has beside its numbers; NumPy's have 230."""

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


def read_arrays(path: Path, names: Sequence[str], largest: int) -> dict[str, Array]:
    """The arrays ``names`` of the file at ``path``: at most ``largest`` bytes in all.

    RunError if it cannot be read, or lacks one. Types and shapes are what the file says.
    """
    try:
        with opened(path, largest + HEADER * len(names)) as stream:
            file = np.load(stream, allow_pickle=False)
            if any(member.compress_type for member in file.zip.infolist()):
                raise ValueError("it is compressed, and could grow")  # numpy.savez does not
            return {name: file[name] for name in names}
    except FileNotFoundError:
        raise RunError(f"{path}: there is no such file") from None
    except Exception as error:  # what is parsed may be anything, and fails in many ways
        reason = " ".join(str(getattr(error, "strerror", None) or error).split())
        raise RunError(
            f"{path}: damaged, or not of this run ({reason[:200]}); put the right file there, or"
            " train the run again"
        ) from None
