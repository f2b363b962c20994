"""Distorted training images, new in every epoch: an affine map and an elastic deformation."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

SIDE = 28

BLOCK = 64
"""Images distorted at a time; more and fewer were slower."""

STEPS = 256
"""Steps to a pixel: places between pixels are whole numbers of these, of 8 bits."""

ROUNDED = 2**9
"""To so many parts of a pixel the sums over x are rounded: see `Distortion._places`."""

PADDED = SIDE + 3
"""A blank pixel stands before an image and two behind, so that what lies outside is blank."""

SPARE = 4
"""So many of the 16 bits drawn for a normal number are not used."""

NORMALS = 2 ** (16 - SPARE)
"""How many normal numbers there are: the quantiles in the middle of equally likely parts."""

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
        line = np.arange(SIDE) - (SIDE - 1) / 2
        modes = elastic_modes(elastic, smoothness)
        basis = rounded(np.column_stack([np.ones(SIDE), line, modes]), 2.0**-7)
        self._across, self._down = ROUNDED * basis.T, STEPS / np.float32(ROUNDED) * basis

    def __call__(self, images: np.ndarray, examples: np.ndarray, epoch: int) -> np.ndarray:
        """Distort the ``images`` (n, 784), uint8, of these ``examples`` (n,), in place."""
        if epoch != self._epoch:
            self._draws, self._epoch = self._drawn(epoch), epoch
        affine, elastic = np.split(self._draws[examples], [len(self._most)], axis=1)
        maps = self._maps(affine)
        for start in range(0, len(images), BLOCK):
            part = slice(start, start + BLOCK)
            resample(images[part], *self._places(maps[part], elastic[part]))
        return images

    def _drawn(self, epoch: int) -> np.ndarray:
        """Random whole numbers of 16 bits, a row for each image, in ``epoch``.

        To draw them for all images takes 2 ms, so that each process can, and finds the same.
        """
        key = (*self._seed.spawn_key, epoch)
        bits = np.random.PCG64(np.random.SeedSequence(self._seed.entropy, spawn_key=key))
        width = len(self._most) + 2 * (len(self._across) - 2) ** 2
        words: np.ndarray = bits.random_raw(-(-self._count * width // 4)).view(np.uint16)
        return words[: self._count * width].reshape(-1, width)

    def _maps(self, draws: np.ndarray) -> np.ndarray:
        """The affine maps (n, 2, 2, 2) of ``draws`` (n, 6): of each image, to x and to y.

        A map has the factors of 1 and x, and in its second row that of y and 0.
        """
        uniform = draws / (2**15 - 0.5) - 1  # both -1 and 1 may be drawn
        right, down, angle, wider, higher, shear = (uniform * self._most).T
        wide, high = 1 / (1 + wider), 1 / (1 + higher)  # backwards: from the new image to the old
        cos, sin = np.cos(angle), np.sin(angle)
        centre, none = (SIDE + 1) / 2, np.zeros(len(draws))
        x = centre + right, wide * cos, wide * (sin + shear * cos), none
        y = centre + down, -high * sin, high * (cos - shear * sin), none
        return rounded(np.transpose([x, y], (2, 0, 1)), 2.0**-15).reshape(-1, 2, 2, 2)

    def _places(self, maps: np.ndarray, draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where each pixel of n images is taken from: x and y (28, n · 28), in `STEPS`.

        Each is a sum of products of a function of the new y, a function of the new x and a factor:
        those of ``maps`` (n, 2, 2, 2), and normal numbers by the ``draws`` (n, 2 · modes²). The
        sums over the functions of x come first.

        A BLAS adds up in an order that depends on the rows of a batch and the threads. All products
        here are multiples of 2⁻¹⁶ pixels, the second ones because the first sums are rounded, and
        float32 adds these without rounding up to 256 pixels. So the order does not matter: an image
        has the same bits in any batch and process.
        """
        n, functions = len(maps), len(self._across)
        factors = np.zeros((functions, 2, n, functions), np.float32)
        factors[:2, ..., :2] = maps.transpose(2, 1, 0, 3)
        normals = self._normals.take(draws >> SPARE).reshape(n, 2, functions - 2, functions - 2)
        factors[2:, ..., 2:] = normals.transpose(2, 1, 0, 3)
        lines = np.rint(factors.reshape(-1, functions) @ self._across)
        x, y = lines.reshape(functions, 2, n * SIDE).swapaxes(0, 1)
        return self._down @ x, self._down @ y


def elastic_modes(elastic: float, smoothness: float) -> np.ndarray:
    """The modes (28, modes) along a coordinate: functions of it, far fewer than pixels.

    What an elastic deformation adds to x or y is the sum, over all pairs of a mode of y and one of
    x, of their product times a normal number. Simard et al. 2003 smooth white noise, uniform in
    -1…1, by a Gaussian of standard deviation σ, ``smoothness``, and multiply it by α, ``elastic``.
    Places d pixels apart then have the covariance α²/3 · e^(-d²/4σ²) / 4πσ², which is a product of
    a function of x and one of y. The modes are the leading eigenvectors of such a one, scaled.
    """
    if not elastic:
        return np.empty((SIDE, 0))
    distance = np.subtract.outer(np.arange(SIDE), np.arange(SIDE))
    variances, modes = np.linalg.eigh(np.exp(-(distance**2) / (4 * smoothness**2)))
    variances, modes = np.maximum(variances[::-1], 0), modes[:, ::-1]
    shares = np.cumsum(variances) / variances.sum()
    few = 1 + int(np.argmax(shares**2 >= EXPLAINED))
    sd = elastic / (smoothness * math.sqrt(12 * math.pi))
    scaled: np.ndarray = modes[:, :few] * np.sqrt(sd * variances[:few])
    return scaled


def rounded(values: np.ndarray, unit: float) -> np.ndarray:
    """``values`` in float32, rounded to multiples of ``unit``, a power of two."""
    return (unit * np.rint(values / unit)).astype(np.float32)


def resample(images: np.ndarray, x: np.ndarray, y: np.ndarray) -> None:
    """Take ``images`` (n, 784), uint8, at the places ``x`` and ``y`` (28, n · 28), float32.

    Places are counted in `STEPS`, from the middle of the padding's first pixel.
    """
    n = len(images)
    squares = np.zeros((n, PADDED, PADDED), np.uint16)
    squares[:, 1:-2, 1:-2] = images.reshape(n, SIDE, SIDE)
    padded = squares.ravel()
    # A pixel, the one below, and the two on their right, in one number of 32 bits.
    column = (padded[:-PADDED] | padded[PADDED:] << 8).astype(np.uint32)
    square = column[:-1] | column[1:] << 16
    last = STEPS * (PADDED - 1) - 1
    x, y = (np.clip(each, 0, last, out=each).astype(np.int16) for each in (x, y))
    first = np.repeat(PADDED**2 * np.arange(n), SIDE)
    # "wrap" spares a check of the places: all are within.
    four = square.take((y >> 8) * PADDED + (x >> 8) + first, mode="wrap")
    x, y = ((each & 255).astype(np.uint32) for each in (x, y))
    # Between above and below, left and right at once: 16 bits hold each.
    both = between(four & 0xFF00FF, four >> 8 & 0xFF00FF, y)
    result = between(both & 0xFFFF, both >> 16, x)
    result += STEPS**2 // 2
    result >>= 16
    images.reshape(n, SIDE, SIDE)[:] = result.reshape(SIDE, n, SIDE).swapaxes(0, 1)


def between(one: np.ndarray, other: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """(`STEPS` - steps) · one + steps · other, in their storage."""
    other -= one  # modulo 2**32, as all that follows
    other *= steps
    one *= STEPS
    one += other
    return one
