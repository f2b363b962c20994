"""Batches for training and evaluation: gathered and scaled into one reused buffer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike

from nnbasic.data.files import DataError
from nnbasic.data.scale import Scale


class Transform(Protocol):
    """Augmentation: what changes the training images anew in every epoch."""

    def __call__(self, images: np.ndarray, examples: np.ndarray, epoch: int) -> np.ndarray:
        """Change ``images``, uint8 of shape (n, d), into others of the same type and shape.

        ``examples`` (n,) are their numbers. Randomness may depend on a seed, the epoch and the
        example alone, so that it does not matter in which batch, process or order an image is
        asked for.
        """


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
        order: np.random.SeedSequence | int | None = None,
        transform: Transform | None = None,
    ) -> None:
        """Batches of ``images`` (n, d) and integer ``labels`` (n,).

        ``scale`` None divides pixels, which are uint8, by 255, as `nnbasic train` does by default,
        and leaves values of other types as they are. ``order`` None leaves the examples in
        order, for evaluation; a SeedSequence or a seed shuffles them anew in every epoch, for
        training. ``transform`` changes the images before they are scaled.
        DataError if there are no examples, or shapes, types or labels do not fit.
        """
        if images.ndim != 2:
            raise DataError(f"images of shape {images.shape}; expected (examples, pixels)")
        if not len(images):
            raise DataError("there are no examples to make batches of")
        if labels.shape != images.shape[:1] or labels.dtype.kind not in "iu":
            raise DataError(
                f"labels of shape {labels.shape} and type {labels.dtype};"
                f" expected {len(images)} integers, one for each image"
            )
        if labels.min() < 0:
            raise DataError(f"a label of {labels.min()}; labels are counted from 0")
        if batch_size < 1:
            raise DataError(f"a batch size of {batch_size}; it must be at least 1")
        if np.dtype(dtype).kind != "f":
            raise DataError(f"batches of {np.dtype(dtype)}; expected a floating-point type")
        self._images = images
        self._labels = labels.astype(np.intp)
        self._batch_size = batch_size
        if scale is None and images.dtype == np.uint8:
            scale = Scale.fit("unit", images)
        self._scale = scale
        self._order = np.random.SeedSequence(order) if isinstance(order, int) else order
        self._transform = transform
        shape = min(batch_size, len(images)), images.shape[1]
        self._x = np.empty(shape, dtype)
        self._gathered = np.empty(shape, images.dtype)

    @property
    def examples(self) -> int:
        """The number of examples in an epoch."""
        return len(self._labels)

    def __len__(self) -> int:
        """The number of batches in an epoch; the last one may be smaller."""
        return -(-self.examples // self._batch_size)

    def epoch(self, epoch: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """`take` each batch of ``epoch``."""
        return (self.take(examples, epoch) for examples in self.indices(epoch))

    def indices(self, epoch: int) -> Iterator[np.ndarray]:
        """The example numbers (n,) of each batch of ``epoch``.

        They are the same whenever asked for, whatever epochs were asked for before.
        """
        examples = np.arange(self.examples)
        if self._order is not None:
            entropy: Any = self._order.entropy
            key = (*self._order.spawn_key, epoch)
            np.random.default_rng(np.random.SeedSequence(entropy, spawn_key=key)).shuffle(examples)
        for start in range(0, self.examples, self._batch_size):
            yield examples[start : start + self._batch_size]

    def take(self, examples: np.ndarray, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """The inputs (n, d) of ``dtype``, scaled, and the labels (n,) of intp of ``examples`` (n,).

        The inputs live in a buffer that the next call overwrites.
        """
        x = self._x[: len(examples)]
        images = self._gathered[: len(examples)]
        # clip: the other modes go through a buffer of NumPy's own.
        np.take(self._images, examples, axis=0, out=images, mode="clip")
        if self._transform is not None:
            images = self._transform(images, examples, epoch)
        np.copyto(x, images)  # faster than a product that casts
        if self._scale is not None:
            x *= x.dtype.type(self._scale.multiplier)  # uint8 is computed in the type of x
            if self._scale.offset:
                x += x.dtype.type(self._scale.offset)
        return x, self._labels[examples]
