"""The images that a config asks for."""

from __future__ import annotations

from pathlib import Path

from nnbasic import data
from nnbasic.configs import Data
from nnbasic.data import Dataset
from nnbasic.data.fetch import Progress


def load(
    wanted: Data,
    found: str | None = None,
    *,
    directory: Path | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """The data set that a config wants.

    ``found`` is what ``auto`` has turned out to be, if that is known. ``directory`` is where the
    files are: where MNIST is looked for first, or where those of ``idx`` are now. Raises as
    `nnbasic.data.load`.
    """
    if wanted.dataset == "idx":
        dataset = data.load_idx(
            directory or Path(wanted.directory or ""),
            name=wanted.name or "",
            validation=wanted.validation,
            classes=wanted.classes,
        )
    else:
        dataset = data.load(
            found or wanted.dataset,
            validation=wanted.validation,
            directory=directory,
            progress=progress,
        )
    return dataset.shortened(wanted.train)
