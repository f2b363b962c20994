"""The built-in digits: 28×28 grey images that look handwritten, for machines without MNIST.

``benchmarks/digits`` has the program that drew them, and docs/digits.md says how.
"""

import hashlib
import zipfile
import zlib
from pathlib import Path

import numpy as np

from nnbasic.data.files import DataError

FILE = Path(__file__).with_name("digits.npz")
SHA256 = "caa175fc83d89896fe10b7f79a50f7113af51e266af045ba5ff33390bc3b3c65"
"""Of the bytes of its images, then of its labels."""

TRAIN = 12_000  # the images after these are for testing


def load() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training images (12000, 784) and labels (12000,), test images (2000, 784) and labels.

    All uint8. DataError if the file in the package is damaged.
    """
    try:
        with FILE.open("rb") as opened, np.load(opened) as file:
            packed, labels = file["images"], file["labels"]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{FILE}: cannot be read ({error}); install nnbasic again") from error
    if hashlib.sha256(packed.tobytes() + labels.tobytes()).hexdigest() != SHA256:
        raise DataError(f"{FILE}: is not the file of this version; install nnbasic again")
    # There are 16 greys, so that two pixels, one below the other, share a byte of the file.
    images = 17 * np.stack([packed >> 4, packed & 15], axis=2).reshape(-1, 28 * 28)
    return images[:TRAIN], labels[:TRAIN], images[TRAIN:], labels[TRAIN:]
