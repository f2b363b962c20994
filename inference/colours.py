"""The colours of a picture, as numbers from 0 to 255, whatever kind of array it is."""

import numpy as np

from nnbasic.data import DataError
from nnbasic.model.arrays import Array


def brightness(picture: Array) -> Array:
    """The brightness of ``picture``, float32 (height, width), from 0 to 255.

    ``picture`` is (height, width), or has a last axis of grey (1), with alpha (2), RGB (3) or
    RGBA (4); of uint8, uint16, other integers up to 255, bools, or floats from 0 to 1. DataError
    for any other array.
    """
    channels = picture.shape[2] if picture.ndim == 3 else 1
    if picture.ndim not in (2, 3) or channels not in (1, 2, 3, 4) or not picture.size:
        raise DataError(
            f"is an array of shape {picture.shape}; a picture is (height, width), or has a last"
            " axis of 1 to 4 channels"
        )
    colours, opaque = colours_of(picture)
    grey = luma(colours)
    if opaque is None:
        return grey
    # What is transparent gets the colour that the opaque stands out from.
    opaque = opaque / 255
    light = float((grey * opaque).sum()) < 127.5 * float(opaque.sum())
    return grey * opaque + 255 * light * (1 - opaque)


def luma(colours: Array) -> Array:
    """The brightness (height, width) of colours with 1 or 3 channels, by ITU-R BT.601."""
    weights = [0.299, 0.587, 0.114] if colours.shape[2] == 3 else [1]
    return np.asarray(colours @ np.array(weights, np.float32))


def colours_of(picture: Array) -> tuple[Array, Array | None]:
    """The colours (height, width, 1 or 3) and the opacity (height, width) or None, 0 to 255."""
    channels = picture.shape[2] if picture.ndim == 3 else 1
    values = _levels(picture).reshape(*picture.shape[:2], channels)
    if channels % 2:
        return values, None
    return values[:, :, :-1], values[:, :, -1]


def _levels(picture: Array) -> Array:
    """The values as float32 from 0 to 255."""
    kind = picture.dtype
    if kind.kind not in "buif":
        raise DataError(f"holds values of type {kind}, which are no brightness")
    with np.errstate(over="ignore"):  # it is refused below
        values = picture.astype(np.float32)
    if kind == np.uint8:
        return values
    if kind == np.uint16:
        # Cameras and scanners put 10, 12 or 14 bits there, and careless programs 8.
        bits = next(n for n in (1, 8, 10, 12, 14, 16) if values.max() < 2**n)
        return values * np.float32(255 / (2**bits - 1))
    if kind.kind in "iu" and values.min() >= 0 and 1 < values.max() <= 255:
        return values
    if not np.isfinite(values).all() or values.min() < 0 or values.max() > 1:
        low, high = picture.min(), picture.max()
        raise DataError(
            f"holds values from {low} to {high} of type {kind}; expected uint8, uint16, or numbers"
            " from 0 to 1"
        )
    return values * np.float32(255)
