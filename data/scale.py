"""What the values of pixels become before a network sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nnbasic.data.files import DataError

if TYPE_CHECKING:
    import numpy as np

SCALES = ("unit", "standard", "signed")
_CHUNK = 1 << 16  # pixels summed at once: as float64 they stay in the cache


@dataclass(frozen=True)
class Scale:
    """What pixels become: ``pixel * multiplier + offset``."""

    multiplier: float
    offset: float

    @classmethod
    def fit(cls, name: str, images: np.ndarray) -> Scale:
        """The scale called ``name`` for uint8 images; give it the training images.

        ``unit`` is x/255, in [0, 1]; ``signed`` is 2x/255 - 1, in [-1, 1]; ``standard`` is
        (x/255 - mean)/std with the mean and standard deviation over all pixels of ``images``.
        DataError for another name, or for ``standard`` of images without any contrast.
        """
        if name == "unit":
            return cls(1 / 255, 0.0)
        if name == "signed":
            return cls(2 / 255, -1.0)
        if name != "standard":
            raise DataError(f"unknown scale {name!r}; known: {', '.join(SCALES)}")
        if images.dtype != "uint8":
            raise DataError(f"the scale 'standard' is for uint8 images; these are {images.dtype}")
        mean, std = _moments(images.reshape(-1))
        if not std > 0:
            raise DataError(
                "the scale 'standard' divides by the standard deviation of the pixels, and these"
                " images have none; use 'unit'"
            )
        return cls(1 / std, -mean / std)


def _moments(pixels: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation of ``pixels`` (n,): exact integer sums, rounded once."""
    total = squares = 0
    for start in range(0, pixels.size, _CHUNK):
        values = pixels[start : start + _CHUNK].astype("float64")  # exact up to 2^53
        total += int(values.sum())
        squares += int(values @ values)
    n = max(pixels.size, 1)
    # Python's integers: n·Σx² - (Σx)² is exact, and so is its being zero.
    return total / n, ((n * squares - total * total) / n**2) ** 0.5
