"""Data sets for commands: progress of a download, warnings, and what to do about errors."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from nnbasic.cli.options import warn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nnbasic.configs import Config
    from nnbasic.data import Dataset
    from nnbasic.data.fetch import Progress
    from nnbasic.runs import Record


UNFETCHED = (
    "Connect to the network, or name a folder that holds MNIST's files with --data or"
    " $NNBASIC_DATA."
)
UNUSABLE = (
    "`nnbasic data fetch` gets the files of MNIST; --data or $NNBASIC_DATA names another folder."
)


def advice(error: Exception) -> str:
    """What to type when ``error`` keeps MNIST from being used; empty for another error."""
    from nnbasic.data.fetch import FetchError
    from nnbasic.data.files import MnistError

    if isinstance(error, FetchError):
        return f"\n{UNFETCHED}"
    return f"\n{UNUSABLE}" if isinstance(error, MnistError) else ""


def load(name: str, *, validation: int, data_dir: Path | None, quiet: bool = False) -> Dataset:
    """The data set as `nnbasic.data.load` gives it; ``quiet`` shows no download."""
    from nnbasic import data

    with download_bar() as progress:
        dataset = data.load(
            name,
            validation=validation,
            directory=data_dir,
            progress=None if quiet else progress,
        )
    if dataset.note:
        warn(
            "MNIST is not available, so these are the built-in digits; results on them do not"
            f" compare with MNIST's.\n{dataset.note}\n{UNFETCHED}"
        )
    return dataset


def recorded_data(
    config: Config, record: Record, data_dir: Path | None, quiet: bool = False
) -> Dataset:
    """The data set that a run was trained on, whatever its config would find today."""
    held_out = config.data.validation
    return load(record.dataset, validation=held_out, data_dir=data_dir, quiet=quiet)


@contextmanager
def download_bar() -> Iterator[Progress]:
    """Show on stderr, if that is a terminal, what the function given to the block hears."""
    from tqdm import tqdm

    bars: dict[str, tqdm[Any]] = {}

    def progress(name: str, received: int, total: int | None) -> None:
        if name not in bars:
            for finished in bars.values():
                finished.close()
            bars[name] = tqdm(
                desc=name, unit="B", unit_scale=True, disable=None, dynamic_ncols=True
            )
        bar = bars[name]
        bar.total = total
        bar.update(received - bar.n)  # less than nothing when the next mirror begins anew

    try:
        yield progress
    finally:
        for bar in bars.values():
            bar.close()
