"""Batches for training and evaluation: gathered and scaled into one reused buffer."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import DTypeLike

from nnbasic.data.files import DataError
from nnbasic.data.scale import Scale


class Transform(Protocol):
    """What makes other training images of the training images, anew in every epoch."""

    def __call__(self, images: np.ndarray, examples: np.ndarray, epoch: int) -> np.ndarray:
        """``images``, uint8 of shape (n, d), changed into others of the same type and shape.

        ``examples`` (n,) are their numbers. What is random may depend on a seed, the epoch and
        the example alone, so that it does not matter in which batch, process or order an image
        is asked for: batches may be shared, resumed, or made ahead in the background.
        """


class Batch(NamedTuple):
    """Inputs (n, d) and labels (n,): all of a batch, or the rows of one process.

    ``size`` is the number of examples in the whole batch.
    """

    x: np.ndarray
    labels: np.ndarray
    size: int


class Batches:
    """An epoch's batches, in an order that depends on nothing but the seed and the epoch."""

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        *,
        batch_size: int,
        scale: Scale | None = None,
        dtype: DTypeLike = np.float32,
        order: np.random.SeedSequence | None = None,
        transform: Transform | None = None,
    ) -> None:
        """Batches of ``images`` (n, d) and integer ``labels`` (n,).

        ``scale`` None divides pixels, which are uint8, by 255, as `nnbasic train` does by default,
        and leaves values of other types as they are. ``order`` None leaves the examples in
        order, for evaluation; a seed shuffles them anew in every epoch, for training.
        ``transform`` changes the images before they are scaled.
        DataError if the shapes, the counts or the types do not fit.
        """
        if images.ndim != 2:
            raise DataError(f"images of shape {images.shape}; expected (examples, pixels)")
        if labels.shape != images.shape[:1] or labels.dtype.kind not in "iu":
            raise DataError(
                f"labels of shape {labels.shape} and type {labels.dtype};"
                f" expected {len(images)} integers, one for each image"
            )
        if batch_size < 1:
            raise DataError(f"a batch size of {batch_size}; it must be at least 1")
        self._images = images
        self._labels = labels.astype(np.intp)
        self._batch_size = batch_size
        pixels = images.dtype == np.uint8
        self._scale = Scale.fit("unit", images) if scale is None and pixels else scale
        self._order = order
        self._transform = transform
        size = min(batch_size, len(images))
        self._x = np.empty((size, images.shape[1]), dtype=dtype)
        if self._x.dtype.kind != "f":
            raise DataError(f"batches of {self._x.dtype}; expected a floating-point type")
        same = images.dtype == self._x.dtype
        self._gathered = self._x if same else np.empty(self._x.shape, dtype=images.dtype)

    @property
    def examples(self) -> int:
        """The number of examples in an epoch."""
        return len(self._labels)

    def __len__(self) -> int:
        """The number of batches in an epoch; the last one may be smaller."""
        return -(-self.examples // self._batch_size)

    def indices(self, epoch: int):
        order = (
            np.arange(self.examples)
            if self._order is None
            else self._permutation(self._order, epoch)
        )
        for start in range(0, self.examples, self._batch_size):
            yield order[start : start + self._batch_size]

    def take(self, examples, epoch):
        x = self._x[: len(examples)]
        source = self._gathered[: len(examples)]
        np.take(self._images, examples, axis=0, out=source, mode="clip")
        if self._transform is not None:
            source = self._transform(source, examples, epoch)
        self._scaled(source, x)
        return x, self._labels[examples]

    def epoch(self, number):
        for examples in self.indices(number):
            yield self.take(examples, number)

    def _permutation(self, order: np.random.SeedSequence, number: int) -> np.ndarray:
        entropy: Any = order.entropy
        child = np.random.SeedSequence(entropy, spawn_key=(*order.spawn_key, number))
        return np.random.default_rng(child).permutation(self.examples)

    def _scaled(self, source: np.ndarray, x: np.ndarray) -> None:
        """Write ``source``, scaled, to ``x``; uint8 is computed in the type of ``x`` throughout."""
        np.copyto(x, source)  # faster than a product that casts
        if self._scale is not None:
            x *= x.dtype.type(self._scale.multiplier)
            if self._scale.offset:
                x += x.dtype.type(self._scale.offset)
