"""Data sets for commands: progress of a download, warnings, and what to do about errors."""

import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from nnbasic.cli.progress import bar
from nnbasic.cli.terminal import lines_of, printable, warn
from nnbasic.configs import Data
from nnbasic.data import DataError, Dataset, mnist
from nnbasic.data.fetch import FetchError, Progress
from nnbasic.data.files import MnistError
from nnbasic.training import Record
from nnbasic.training.trained import load_dataset

UNFETCHED = "--data or $NNBASIC_DATA can name a folder that holds MNIST's files."
UNUSABLE = (
    "`nnbasic data fetch` gets the files of MNIST; --data or $NNBASIC_DATA names another folder."
)


def advice(error: Exception) -> str:
    """What to type when ``error`` keeps MNIST from being used; empty for another error."""
    if isinstance(error, FetchError):
        return f"\n{UNFETCHED}"
    return f"\n{UNUSABLE}" if isinstance(error, MnistError) else ""


def load(
    wanted: Data, recorded: str | None = None, *, data_dir: Path | None, quiet: bool = False
) -> Dataset:
    """The data set that a config's ``data`` mean, or those of a run that has ``recorded`` which.

    ``quiet`` hides the progress of a download.
    """
    with download_bar() as progress, warnings.catch_warnings():
        shown = None if quiet else progress
        warnings.simplefilter("ignore")  # the note says the same
        dataset = load_dataset(wanted, recorded, directory=data_dir, progress=shown)
    if dataset.note:
        warn(
            "MNIST is not available: using the built-in digits, on which accuracies are not"
            " comparable with MNIST's.",
            *lines_of(dataset.note),
            UNFETCHED,
        )
    return dataset


@contextmanager
def download_bar() -> Iterator[Progress]:
    """Give the block a function that shows on stderr, if it is a terminal, how far a file is."""
    bars: dict[str, Any] = {}
    with ExitStack() as stack:

        def progress(name: str, received: int, total: int | None) -> None:
            if name not in bars:
                stack.close()  # that of the file before
                shown = bar(desc=printable(name), unit="B", unit_scale=True)
                bars[name] = stack.enter_context(shown)
            bars[name].total = total
            bars[name].update(received - bars[name].n)  # negative when the next mirror starts anew

        yield progress


def data_at_hand(record: Record, data_dir: Path | None) -> Dataset | str:
    """What a run was trained on if it need not be fetched; otherwise why it is not here."""
    try:
        if record.dataset == "mnist" and mnist.find(data_dir) is None:
            return "MNIST is not on this machine; `nnbasic data fetch` gets it"
        wanted = Data.model_validate(record.config.get("data"))
        dataset = load_dataset(wanted, record.dataset, directory=data_dir)
    except ValueError:
        return "the run's config does not say what they are"
    except DataError as error:
        return str(error)
    if dataset.sha256 != record.dataset_sha256:
        return f"the {dataset.name} at hand is not the data that the run was trained on"
    return dataset
