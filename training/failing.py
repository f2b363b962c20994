"""When a training cannot go on: what it failed with, and the weights that it can still save."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from pathlib import Path

import numpy as np

from nnbasic.model import MLP
from nnbasic.training.directory import Run
from nnbasic.training.storage import RunError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""The errors of a disk that takes no more, but has kept what it had."""


class FailedError(Exception):
    """A run could not go on: the disk or the memory is full, or a plugin has a fault; says which.

    The run can be resumed. The cause is the exception that it failed with.
    """


class GoneError(RunError):
    """The directory of a run was deleted, moved or replaced while it was being trained."""

    def __init__(self, run: Run) -> None:
        super().__init__(
            f"{run.directory} is not there any more: it was deleted, moved or replaced while the"
            " run was being trained, or its disk has gone"
        )


def explained(error: Exception, run: Run, network: MLP) -> str:
    """Why ``run`` failed, in one line; where its directory is lost, the weights are saved first."""
    text = str(error) if isinstance(error, RunError) else f"{type(error).__name__}: {error}"
    # an OSError without a number is not of the disk: a partner process has ended
    lost = isinstance(error, OSError) and error.errno not in (None, *FULL)
    if (lost or isinstance(error, GoneError)) and (file := _rescued(run, network)):
        text += f"; the weights that it had by then are in {file}"
    return text


def _rescued(run: Run, network: MLP) -> Path | None:
    """A new file with the parameters, where temporary files go; None if it cannot be written.

    It is no checkpoint: they may be those of the middle of an epoch.
    """
    with contextlib.suppress(OSError):
        number, name = tempfile.mkstemp(prefix=f"{run.id}-", suffix=".npz")
        file = Path(name)
        try:
            with os.fdopen(number, "wb") as stream:
                np.savez(stream, allow_pickle=False, **network.parameters)
        except BaseException:
            file.unlink()
            raise
        return file
    return None
