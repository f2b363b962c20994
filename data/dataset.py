"""A data set ready for training: three splits of images and labels, and where they are from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from nnbasic.data import digits, idx, mnist
from nnbasic.data.batches import Scale
from nnbasic.data.fetch import FetchError, Progress, fetch
from nnbasic.data.files import DataError

DATASETS = ("auto", "mnist", "digits")
DIGITS_CACHE = Path("data/digits")


@dataclass(frozen=True)
class Split:
    """Images, uint8 of shape (n, 784), rows contiguous, and their labels, uint8 of shape (n,)."""

    images: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Dataset:
    """What a run is trained, chosen and judged on."""

    name: str
    """``mnist`` or ``digits``: what it is, whatever was asked for."""
    train: Split
    validation: Split
    test: Split
    sha256: str
    """Hex SHA-256 over the SHA-256 of the content of its four IDX files."""
    source: str
    """The folder that it was read from, or ``generated``."""
    note: str | None = None
    """Why these are the built-in digits though MNIST was preferred."""
    _scales: dict[str, Scale] = field(default_factory=dict, init=False, repr=False, compare=False)

    def scale(self, name: str) -> Scale:
        """The `Scale` of this name that fits the training images; they are gone through once."""
        if name not in self._scales:
            self._scales[name] = Scale.fit(name, self.train.images)
        return self._scales[name]


def load(
    name: str,
    *,
    validation: int,
    directory: Path | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """The data set ``mnist``, ``digits``, or ``auto``: MNIST if it can be had, else the digits.

    The last ``validation`` training images become the validation split (a view, not a copy).
    MNIST is looked for in ``directory``, ``$NNBASIC_DATA`` and ``./data/mnist``, and then
    fetched; ``progress`` hears of the download. DataError if it cannot be had, or if files
    that are there fail verification: ``auto`` does not step over those.
    """
    if name not in DATASETS:
        raise DataError(f"unknown dataset {name!r}; known: {', '.join(DATASETS)}")
    if name == "digits":
        return _digits(validation)
    folder = mnist.find(directory)
    if folder is None:
        folder = mnist.CACHE
        try:
            fetch(folder, progress=progress)
        except FetchError as error:
            passed_over = mnist.places().get(f"${mnist.VARIABLE}")
            if passed_over is not None:
                error = FetchError(f"{error} ({passed_over}, which it names now, has none)")
            if name == "mnist":
                raise error from None
            return _digits(validation, note=str(error))
    return _dataset(
        "mnist", mnist.read(folder), validation, str(folder), [file.sha256 for file in mnist.FILES]
    )


def _digits(validation: int, note: str | None = None) -> Dataset:
    arrays = digits.load(DIGITS_CACHE)
    hashes = [hashlib.sha256(idx.header(a) + a.tobytes()).hexdigest() for a in arrays]
    return _dataset("digits", arrays, validation, "generated", hashes, note)


def _dataset(
    name: str,
    arrays: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    validation: int,
    source: str,
    hashes: list[str],
    note: str | None = None,
) -> Dataset:
    images, labels, test_images, test_labels = arrays
    if not 0 <= validation < len(images):
        raise DataError(
            f"a validation split of {validation} images; {name} has {len(images)} training images,"
            f" so it must be between 0 and {len(images) - 1}"
        )
    cut = len(images) - validation
    return Dataset(
        name,
        Split(images[:cut], labels[:cut]),
        Split(images[cut:], labels[cut:]),
        Split(test_images, test_labels),
        hashlib.sha256("".join(hashes).encode()).hexdigest(),
        source,
        note,
    )
