"""Distorted training images, new in every epoch: an affine map and an elastic deformation."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

SIDE = 28

BLOCK = 32
"""Images distorted at a time: their arrays stay in a core's cache."""

STEPS = 256
"""Steps to a pixel: places between pixels are whole numbers of these, of 8 bits."""

PADDED = SIDE + 3
"""A blank pixel stands before an image and two behind, so that what lies outside is blank."""

NORMALS = 2**12
"""A normal number is drawn from so many: the quantiles in the middle of equally likely parts."""

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
        places = (np.arange(NORMALS) + 0.5) / NORMALS
        self._normals = rounded(np.vectorize(NormalDist().inv_cdf)(places), 2.0**-5)
        self._most = np.array([shift, shift, math.radians(rotation), scale, scale, shear])
        y, x = np.indices((SIDE, SIDE)) - (SIDE - 1) / 2
        modes = elastic_modes(elastic, smoothness)
        basis = np.stack([np.ones_like(x), x, y, *modes]).reshape(3 + len(modes), -1)
        self._basis = rounded(STEPS * basis, 2.0**-3)

    def __call__(self, images: np.ndarray, examples: np.ndarray, epoch: int) -> np.ndarray:
        """Distort the ``images`` (n, 784), uint8, of these ``examples`` (n,), in place."""
        if epoch != self._epoch:
            self._draws, self._epoch = self._drawn(epoch), epoch
        x, y = self._coefficients(self._draws[examples])
        for start in range(0, len(images), BLOCK):
            part = slice(start, start + BLOCK)
            images[part] = resampled(images[part], x[part] @ self._basis, y[part] @ self._basis)
        return images

    def _drawn(self, epoch: int) -> np.ndarray:
        """Random whole numbers of 16 bits, a row for each image, in ``epoch``.

        To draw them for all images takes 2 ms, so that each process can, and finds the same.
        """
        key = (*self._seed.spawn_key, epoch)
        bits = np.random.PCG64(np.random.SeedSequence(self._seed.entropy, spawn_key=key))
        width = len(self._most) + 2 * (len(self._basis) - 3)
        words = bits.random_raw(-(-self._count * width // 4)).view(np.uint16)
        return words[: self._count * width].reshape(-1, width)

    def _coefficients(self, draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What the basis is multiplied by, for x and for y of the images with these ``draws``.

        A BLAS adds up in an order that depends on the rows of a batch and the threads. All products
        here are multiples of 1/256 of a step, and float32 adds these without rounding up to 256
        pixels, so the order does not matter: an image has the same bits in any batch and process.
        """
        affine, elastic = np.split(draws, [len(self._most)], axis=1)
        uniform = affine / (2**15 - 0.5) - 1  # both -1 and 1 may be drawn
        right, down, angle, wider, higher, shear = (uniform * self._most).T
        wide, high = 1 / (1 + wider), 1 / (1 + higher)  # backwards: from the new image to the old
        cos, sin = np.cos(angle), np.sin(angle)
        centre = (SIDE + 1) / 2
        x = centre + right, wide * cos, wide * (sin + shear * cos)
        y = centre + down, -high * sin, high * (cos - shear * sin)
        fields = np.split(self._normals.take(elastic // (2**16 // NORMALS)), 2, axis=1)
        tables = [
            np.column_stack([rounded(np.transpose(rows), 2.0**-15), field])
            for rows, field in zip((x, y), fields, strict=True)
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
    squares = np.zeros((n, PADDED, PADDED), np.uint32)
    squares[:, 1:-2, 1:-2] = images.reshape(n, SIDE, SIDE)
    padded = squares.ravel()
    # A pixel, the one below, and the two on their right, in one number of 32 bits.
    column = padded[:-PADDED] | padded[PADDED:] << 16
    square = column[:-1] | column[1:] << 8
    last = STEPS * (PADDED - 1) - 1
    x, y = (np.clip(each, 0, last, out=each).astype(np.int32) for each in (x, y))
    first = PADDED**2 * np.arange(n, dtype=np.int32)[:, np.newaxis]
    # "wrap" spares a check of the places: all are within.
    four = square.take((y >> 8) * PADDED + (x >> 8) + first, mode="wrap")
    x, y = (each.view(np.uint32) & 255 for each in (x, y))
    # Between left and right, above and below at once: 16 bits hold each.
    both = between(four & 0xFF00FF, four >> 8 & 0xFF00FF, x)
    result = between(both & 0xFFFF, both >> 16, y)
    return ((result + STEPS**2 // 2) >> 16).astype(np.uint8)


def between(one: np.ndarray, other: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """(`STEPS` - steps) · one + steps · other, in their storage."""
    other -= one  # modulo 2**32, as all that follows
    other *= steps
    one *= STEPS
    one += other
    return one
