"""MNIST on disk: where its four files are looked for, what they must contain, and reading them.

Y. LeCun, C. Cortes, C. J. C. Burges: 60,000 training and 10,000 test images of 28×28 grey pixels,
each labelled with its digit.
"""

import math
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nnbasic.data import idx
from nnbasic.data.files import DataError, MnistError

VARIABLE = "NNBASIC_DATA"
CACHE = Path("data/mnist")
"""Where fetched files go, relative to the current directory."""

ARGUMENT, DEFAULT = "the argument", "the cache"
"""What may name a folder in `places`, besides ``$NNBASIC_DATA``."""


@dataclass(frozen=True)
class File:
    """One of the four files: its name, the shape of its array, and the SHA-256 of its content."""

    name: str
    shape: tuple[int, ...]
    sha256: str

    @property
    def size(self) -> int:
        """Bytes of the decompressed file, header included."""
        return 4 + 4 * len(self.shape) + math.prod(self.shape)

    def within(self, folder: Path) -> Path | None:
        """Its path in ``folder``, plain or gzipped, or None; DataError if that is unreadable.

        Its name may also be spelled with a dot, e.g. ``train-images.idx3-ubyte``, and it may stand
        in a folder that is called as itself, which some programs unpack it into.
        """
        names = self.name, self.name.replace("-idx", ".idx")
        files = [f"{name}{ending}" for name in names for ending in ("", ".gz")]
        candidates = [folder / inner / file for inner in ("", *names) for file in files]
        try:
            return next((p for p in candidates if p.exists() and not p.is_dir()), None)
        except OSError as error:
            raise DataError(f"{folder}: cannot be read ({error.strerror}); check it") from error


FILES = (
    File(
        "train-images-idx3-ubyte",
        (60000, 28, 28),
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    File(
        "train-labels-idx1-ubyte",
        (60000,),
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    File(
        "t10k-images-idx3-ubyte",
        (10000, 28, 28),
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    File(
        "t10k-labels-idx1-ubyte",
        (10000,),
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
)


def at_home(folder: Path) -> Path:
    """``folder`` with the home directory for a ``~`` at its beginning."""
    return Path(os.path.expanduser(folder))  # noqa: PTH111 - Path raises for unknown users


def places(directory: Path | None = None) -> dict[str, Path]:
    """What names a folder of MNIST → the folder; the first of them is used."""
    named = {ARGUMENT: directory, f"${VARIABLE}": os.environ.get(VARIABLE), DEFAULT: CACHE}
    return {source: at_home(Path(folder)) for source, folder in named.items() if folder}


def lacking(folder: Path) -> str | None:
    """What of the four files ``folder`` lacks, as the end of a sentence; None if they are there."""
    missing = [file.name for file in FILES if file.within(folder) is None]
    if not missing:
        return None
    return f"has no {', '.join(missing)} (.gz or not)" if folder.exists() else "does not exist"


def paths(folder: Path) -> list[Path]:
    """The four files in ``folder``; DataError, naming all that are missing."""
    found = [path for file in FILES if (path := file.within(folder))]
    if len(found) < len(FILES):
        raise DataError(f"{folder} {lacking(folder)}; put the four files there")
    return found


def find(directory: Path | None = None) -> Path | None:
    """The first of the `places`; None if it is `DEFAULT` and lacks a file. Nothing is read yet.

    MnistError if it was chosen, by ``directory`` or ``$NNBASIC_DATA``, and lacks a file.
    """
    source, folder = next(iter(places(directory).items()))
    problem = lacking(folder)
    if problem is None:
        return folder
    if source == DEFAULT:
        return None
    named = "" if source == ARGUMENT else f", which {source} names,"
    raise MnistError(f"{folder}{named} {problem}; put the four files there, or name another folder")


def read_file(path: Path, file: File) -> np.ndarray:
    """The uint8 array in ``path``, of ``file.shape``, verified to be MNIST's ``file``.

    DataError, naming ``path``, if it cannot be read; MnistError if it is another file.
    """
    array = idx.read(path, limit=math.prod(file.shape))
    sha256 = idx.sha256(array)
    if sha256 != file.sha256:
        raise MnistError(
            f"{path} is not MNIST's {file.name}: the SHA-256 of its content is {sha256}, expected"
            f" {file.sha256}; move it away and put the real file there"
        )
    return array


def read(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training images (60000, 784) and labels (60000,), test images (10000, 784) and labels.

    All uint8 and verified. DataError, naming the file, if one is missing, damaged or not MNIST's.
    """
    train, train_labels, test, test_labels = map(read_file, paths(folder), FILES)
    return train.reshape(-1, 784), train_labels, test.reshape(-1, 784), test_labels
