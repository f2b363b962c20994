"""Small pictures for the report, as PNG in data URLs: digits and first-layer weights."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from nnbasic.compare.runs import RunData, RunError
from nnbasic.configs import Config, shortage
from nnbasic.model.arrays import Array
from nnbasic.training.trained import build, restored

SIDE = 28
ACROSS, DOWN = 8, 2
"""How many filters a picture shows: those of the first units."""

BLUE, WHITE, ORANGE = (0, 90, 181), (247, 247, 247), (200, 80, 0)
LEVELS = 63


def digit(image: Array) -> str:
    """The uint8 image (784,), ink black on white."""
    return _url(Image.fromarray(255 - image.reshape(SIDE, SIDE)))


def filters(weight: Array) -> str:
    """The weights (784, units) into the first units, each in its own scale.

    Negative weights are blue, positive ones orange, 0 is white.
    """
    shown = weight[:, : ACROSS * DOWN].T.astype(np.float64)
    largest = np.abs(shown).max(axis=1, keepdims=True)
    levels = np.rint((shown / np.where(largest > 0, largest, 1) + 1) / 2 * (LEVELS - 1))
    sheet = np.full((DOWN * (SIDE + 1) - 1, ACROSS * (SIDE + 1) - 1), LEVELS, dtype=np.uint8)
    for place, one in enumerate(levels):
        row, column = (SIDE + 1) * np.array(divmod(place, ACROSS))
        sheet[row : row + SIDE, column : column + SIDE] = one.reshape(SIDE, SIDE)
    picture = Image.frombytes("P", sheet.shape[::-1], sheet.tobytes())
    picture.putpalette(_palette(), rawmode="RGBA")
    return _url(picture)


def first_weights(run: RunData) -> tuple[Array, Array] | str:
    """The first layer's weight (784, units) before and after training, or why it is not known.

    Before: drawn anew from the seed. After: from `best.npz`.
    """
    if run.record.config.get("plugins"):
        return "its config has plugins, and a report runs no code of others"
    try:
        # the record's config, as the file may have come to name plugins since
        config = Config.model_validate(run.record.config)
        if reason := shortage(config):
            return reason
        before = build(config).parameters["layer1.weight"]
    except (ValueError, MemoryError):
        return "its config cannot be used"
    try:
        after = restored(run.run, run.record, config).network.parameters["layer1.weight"]
    except RunError:
        return "its best.npz cannot be used"
    if not np.isfinite(after).all():
        return "its best.npz is damaged"
    return before, after


def _palette() -> bytes:
    """`LEVELS` colours from blue over white to orange, and a transparent one for the gaps."""
    places = np.linspace(-1, 1, LEVELS)[:, np.newaxis]
    ends = np.where(places < 0, np.array(BLUE), np.array(ORANGE))
    colours = np.array(WHITE) + (ends - np.array(WHITE)) * np.abs(places)
    opaque = np.hstack([np.rint(colours), np.full((LEVELS, 1), 255)])
    return bytes(np.vstack([opaque, np.zeros((1, 4))]).astype(np.uint8))


def _url(picture: Image.Image) -> str:
    file = io.BytesIO()
    picture.save(file, format="PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
