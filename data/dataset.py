"""A data set ready for training: three splits of images and labels, and where they come from."""

import hashlib
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import numpy as np

from nnbasic.data import digits, idx, mnist
from nnbasic.data.fetch import FetchError, Progress, fetch
from nnbasic.data.files import DataError
from nnbasic.data.scale import Scale

DATASETS = ("auto", "mnist", "digits")


@dataclass(frozen=True)
class Split:
    """Images, uint8 of shape (n, 784), rows contiguous, and their labels, uint8 of shape (n,)."""

    images: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Dataset:
    """What a run is trained, selected and tested on."""

    name: str
    """``mnist``, ``digits``, or what the user calls a data set of their own; never ``auto``."""
    train: Split
    validation: Split
    test: Split
    sha256: str
    """Hex SHA-256 over the SHA-256 of the content of its four IDX files."""
    source: str
    """The folder it was read from, or ``built in``."""
    note: str | None = None
    """With ``auto``, why these are the built-in digits and not MNIST."""
    classes: int = 10
    """How many there are: the labels are below it."""
    warnings: tuple[str, ...] = ()
    """A sentence for each split that lacks classes, so that its accuracy misleads."""
    _scales: dict[str, Scale] = field(default_factory=dict, init=False, repr=False, compare=False)

    def shortened(self, train: int | None) -> Self:
        """With the first ``train`` training images alone; DataError if there are fewer."""
        if train is None:
            return self
        if train > len(self.train.labels):
            raise DataError(
                f"data.train is {train}; {self.name} has {len(self.train.labels)} training images,"
                f" without the {len(self.validation.labels)} held out for validation"
            )
        first = Split(self.train.images[:train], self.train.labels[:train])
        return replace(self, train=first)

    def scale(self, name: str) -> Scale:
        """The `Scale` of this name, fitted to the training images on first use."""
        if name not in self._scales:
            self._scales[name] = Scale.fit(name, self.train.images)
        return self._scales[name]


def load(
    name: str, *, validation: int, directory: Path | None = None, progress: Progress | None = None
) -> Dataset:
    """The data set ``mnist``, ``digits``, or ``auto``: MNIST if possible, else the digits.

    The last ``validation`` training images become the validation split (a view, not a copy).
    MNIST is looked for in ``directory``, ``$NNBASIC_DATA`` and ``./data/mnist``, and then
    fetched; ``progress`` is called during the download. If that fails, ``auto`` warns and gives
    the digits, and ``mnist`` raises FetchError. DataError if files that exist fail verification, or
    fetched ones cannot be stored: ``auto`` does not replace those by the digits.
    """
    if name not in DATASETS:
        raise DataError(f"unknown dataset {name!r}; known: {', '.join(DATASETS)}")
    note = None
    if name != "digits":
        try:
            folder = mnist.find(directory)
            if folder is None:
                folder = mnist.CACHE
                fetch(folder, progress=progress)
            hashes = [file.sha256 for file in mnist.FILES]
            return _dataset("mnist", mnist.read(folder), validation, str(folder), hashes)
        except FetchError as error:
            if name == "mnist":
                raise
            warnings.warn(f"using the built-in digits: {error}", stacklevel=2)
            note = str(error)
    arrays = digits.load()
    return _dataset("digits", arrays, validation, "built in", [*map(idx.sha256, arrays)], note)


def load_idx(
    folder: Path, *, name: str, validation: int, classes: Sequence[str] | None = None
) -> Dataset:
    """The data set called ``name`` in ``folder``: four IDX files that are called as MNIST's are.

    Images of 28 × 28 pixels, uint8, 0 the background, up to 2 GiB a file (2.7 million images);
    labels from 0 on. DataError, naming the file, for anything else, and if ``classes`` is not one
    name for each class.
    """
    folder = mnist.at_home(folder)
    most = 256 if classes is None else len(classes)
    paths = mnist.paths(folder)
    train, labels = _labelled(paths[0], paths[1], most)
    test, test_labels = _labelled(paths[2], paths[3], most)
    count = int(max(labels.max(), test_labels.max())) + 1
    if classes is not None and count < most:
        raise DataError(
            f"{folder}: the labels go from 0 to {count - 1}, and there are {most} names of classes;"
            " give one for each"
        )
    hashes = [idx.sha256(array) for array in (train, labels, test, test_labels)]
    arrays = train.reshape(-1, 784), labels, test.reshape(-1, 784), test_labels
    return _dataset(name, arrays, validation, str(folder), hashes, classes=count)


def _labelled(images: Path, labels: Path, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """The images (n, 28, 28) and the labels (n,) in two files, both uint8."""
    x, y = idx.read(images), idx.read(labels)
    if x.shape[1:] != (28, 28) or x.dtype != np.uint8 or not len(x):
        raise DataError(
            f"{images}: an array of shape {x.shape} and type {x.dtype}; expected images, of shape"
            " (n, 28, 28) and type uint8: convert them"
        )
    if y.shape != x.shape[:1] or y.dtype.kind not in "iu":
        raise DataError(
            f"{labels}: an array of shape {y.shape} and type {y.dtype}; expected {len(x):,} whole"
            f" numbers, one for each image of {images}: check that the two files belong together"
        )
    if y.min() < 0 or y.max() >= classes:
        counted = ""
        if (y.min(), y.max()) == (1, classes):
            counted = "; labels counted from 1 need a first name for 0, which no image has"
        raise DataError(
            f"{labels}: labels from {y.min()} to {y.max()}; expected 0 to {classes - 1}: the file"
            f" is damaged or has other classes{counted}"
        )
    return x, y.astype(np.uint8)


def _dataset(
    name: str,
    arrays: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    validation: int,
    source: str,
    hashes: list[str],
    note: str | None = None,
    classes: int = 10,
) -> Dataset:
    images, labels, test_images, test_labels = arrays
    if not 0 <= validation < len(images):
        raise DataError(
            f"a validation split of {validation} images; {name} has {len(images)} training images,"
            f" so it must be between 0 and {len(images) - 1}"
        )
    cut = len(images) - validation
    train, held_out = Split(images[:cut], labels[:cut]), Split(images[cut:], labels[cut:])
    test = Split(test_images, test_labels)
    sha256 = hashlib.sha256("".join(hashes).encode()).hexdigest()
    lacks = tuple(_lacks({"training": train, "validation": held_out, "test": test}))
    return Dataset(name, train, held_out, test, sha256, source, note, classes, lacks)


def _lacks(splits: dict[str, Split]) -> Iterator[str]:
    """A sentence for each of the ``splits``, unless it is empty, without some of their classes."""
    labels = {kind: set(np.unique(split.labels).tolist()) for kind, split in splits.items()}
    every = set.union(*labels.values())
    for kind, split in splits.items():
        if len(split.labels) and labels[kind] < every:
            yield (
                f"the {len(split.labels)} {kind} images hold {len(labels[kind])} of the"
                f" {len(every)} classes; if the images are sorted by class, shuffle them"
            )
