"""Distorted training images, new in every epoch: an affine map and an elastic deformation."""

from __future__ import annotations

import math

import numpy as np

SIDE = 28

BLOCK = 64
"""Images distorted at a time: their arrays stay in a core's cache."""

STEPS = 256
"""Steps to a pixel: places between pixels are whole numbers of these, of 8 bits."""

PADDED = SIDE + 3
"""A blank pixel stands before an image and two behind, so that what lies outside is blank."""

EXPLAINED = 0.99
"""The modes have at least this share of the variance of an elastic field."""


class Distortion:
    """A `nnbasic.data.batches.Transform`: each image has a distortion of its own in every epoch.

    The new image shows at p what is at M · p + t + e(p) in the old one, p counted from the centre,
    between the pixels by bilinear interpolation. Each image is resampled only once, so
    that it is not blurred twice.
    """

    def __init__(
        self,
        count: int,
        seed: np.random.SeedSequence,
        *,
        shift: float = 0.0,
        rotation: float = 0.0,
        scale: float = 0.0,
        shear: float = 0.0,
        elastic: float = 0.0,
        smoothness: float = 4.0,
    ) -> None:
        """Distortions of ``count`` images of 28 × 28 pixels.

        Uniform around 0: ``shift``, in x and in y, up to so many pixels; ``rotation`` up to so many
        degrees; ``scale``, in x and in y, up to this share; ``shear`` up to so many pixels a row.
        ``elastic`` and ``smoothness`` are α and σ of Simard et al. 2003: see `elastic_modes`.
        """
        self._count, self._seed, self._epoch = count, seed, -1
        self._most = np.array([shift, shift, math.radians(rotation), scale, scale, shear])
        y, x = np.indices((SIDE, SIDE)) - (SIDE - 1) / 2
        modes = elastic_modes(elastic, smoothness)
        basis = np.stack([np.ones_like(x), x, y, *modes]).reshape(3 + len(modes), -1)
        self._basis = rounded(STEPS * basis, 2.0**-3)

    def __call__(self, images: np.ndarray, examples: np.ndarray, epoch: int) -> np.ndarray:
        """Distort the ``images`` (n, 784), uint8, of these ``examples`` (n,), in place."""
        if epoch != self._epoch:
            self._x, self._y = self._coefficients(epoch)
            self._epoch = epoch
        for start in range(0, len(images), BLOCK):
            part, chosen = images[start : start + BLOCK], examples[start : start + BLOCK]
            x, y = self._x[chosen] @ self._basis, self._y[chosen] @ self._basis
            part[:] = resampled(part, x, y)
        return images

    def _coefficients(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """What the basis is multiplied by in ``epoch``, for x and for y of each image.

        A BLAS adds up in an order that depends on the rows of a batch and the threads. All products
        here are multiples of 1/256 of a step, and float32 adds these without rounding up to 256
        pixels, so the order does not matter: an image has the same bits in any batch and process.
        """
        key = (*self._seed.spawn_key, epoch)
        rng = np.random.default_rng(np.random.SeedSequence(self._seed.entropy, spawn_key=key))
        draws = rng.uniform(-1, 1, (self._count, len(self._most))) * self._most
        right, down, angle, wider, higher, shear = draws.T
        wide, high = 1 / (1 + wider), 1 / (1 + higher)  # backwards: from the new image to the old
        cos, sin = np.cos(angle), np.sin(angle)
        centre = (SIDE + 1) / 2
        x = centre + right, wide * cos, wide * (sin + shear * cos)
        y = centre + down, -high * sin, high * (cos - shear * sin)
        elastic = rng.standard_normal((2, self._count, len(self._basis) - 3), np.float32)
        tables = [
            np.column_stack([rounded(np.transpose(affine), 2.0**-15), rounded(field, 2.0**-5)])
            for affine, field in zip((x, y), elastic, strict=True)
        ]
        return tables[0], tables[1]


def elastic_modes(elastic: float, smoothness: float) -> np.ndarray:
    """Fields (modes, 28, 28) whose sum, each times a normal number, displaces one coordinate.

    Simard et al. 2003 smooth white noise, uniform in -1…1, by a Gaussian of standard deviation σ,
    ``smoothness``, and multiply it by α, ``elastic``. Places d pixels apart then have the
    covariance α²/3 · e^(-d²/4σ²) / 4πσ². Its leading eigenvectors are the modes, far fewer than
    pixels.
    """
    if not elastic:
        return np.empty((0, SIDE, SIDE))
    distance = np.subtract.outer(np.arange(SIDE), np.arange(SIDE))
    variances, lines = np.linalg.eigh(np.exp(-(distance**2) / (4 * smoothness**2)))
    variances, lines = variances[::-1], lines[:, ::-1] * np.sqrt(np.maximum(variances[::-1], 0))
    shares = np.cumsum(variances) / variances.sum()
    few = lines[:, : 1 + int(np.argmax(shares**2 >= EXPLAINED))]
    sd = elastic / (smoothness * math.sqrt(12 * math.pi))
    fields: np.ndarray = sd * np.einsum("yi,xj->ijyx", few, few)
    return fields.reshape(-1, SIDE, SIDE)


def rounded(values: np.ndarray, unit: float) -> np.ndarray:
    """``values`` in float32, rounded to multiples of ``unit``, a power of two."""
    return (unit * np.rint(values / unit)).astype(np.float32)


def resampled(images: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """``images`` (n, 784), uint8, at the places ``x`` and ``y`` (n, 784), float32, changed.

    Places are counted in `STEPS`, from the middle of the padding's first pixel.
    """
    n = len(images)
    padded = np.zeros((n, PADDED, PADDED), np.uint8)
    padded[:, 1:-2, 1:-2] = images.reshape(n, SIDE, SIDE)
    # A pixel, the one below, and the two on their right, in one number of 32 bits.
    pixel = padded.ravel().astype(np.uint32)
    column = pixel[:-PADDED] | pixel[PADDED:] << 16
    square = column[:-1] | column[1:] << 8
    last = STEPS * (PADDED - 1) - 1
    x, y = (np.clip(each, 0, last, out=each).astype(np.int32) for each in (x, y))
    first = PADDED**2 * np.arange(n, dtype=np.int32)[:, np.newaxis]
    four = square.take((y >> 8) * PADDED + (x >> 8) + first)
    x, y = (each.view(np.uint32) & 255 for each in (x, y))
    # Between left and right, above and below at once: 16 bits hold each.
    both = (four & 0xFF00FF) * (STEPS - x) + (four >> 8 & 0xFF00FF) * x
    result: np.ndarray = (both & 0xFFFF) * (STEPS - y) + (both >> 16) * y
    return ((result + STEPS**2 // 2) >> 16).astype(np.uint8)
