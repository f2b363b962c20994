"""Batches for training and evaluation: gathered and scaled into one reused buffer."""

from __future__ import annotations

from collections.abc import Iterator
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

    def epoch(
        self, number: int, rank: int = 0, size: int = 1, *, whole: bool = False
    ) -> Iterator[Batch]:
        """The batches of epoch ``number``: inputs (n, d) of ``dtype`` and labels (n,) of intp.

        The inputs live in a buffer that the next batch overwrites. The order is the same
        whenever it is asked for, whatever epochs were asked for before. Where ``size`` processes
        share each batch: the rows of process ``rank`` alone, one more or less than the others';
        or, with ``whole``, every ``size``-th batch whole, beginning with batch ``rank``.
        """
        order = None if self._order is None else self._permutation(self._order, number)
        first, every = (rank, size) if whole else (0, 1)
        rank, size = (0, 1) if whole else (rank, size)
        for start in range(first * self._batch_size, self.examples, every * self._batch_size):
            n = min(self._batch_size, self.examples - start)
            rows = slice(start + n * rank // size, start + n * (rank + 1) // size)
            x = self._x[: rows.stop - rows.start]
            examples: slice | np.ndarray = rows
            source = self._images[rows]
            if order is not None:
                examples, source = order[rows], self._gathered[: len(x)]
                # clip: the other modes go through a buffer of NumPy's own.
                np.take(self._images, examples, axis=0, out=source, mode="clip")
            if self._transform is not None:
                source = self._transform(source, np.arange(self.examples)[examples], number)
            self._scaled(source, x)
            yield Batch(x, self._labels[examples], n)

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
