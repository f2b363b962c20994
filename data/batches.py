"""Batches for training and evaluation: examples in an order, their pixels scaled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import KW_ONLY, dataclass
from typing import Protocol

import numpy as np
from numpy.typing import DTypeLike

from nnbasic.data.files import DataError
from nnbasic.data.scale import Scale

AHEAD = 1024
"""Of so many examples batches are transformed at once, rounded up to whole batches.

A training step drives a transform's data and code out of a core's cache.
"""


class Transform(Protocol):
    """Augmentation: what changes the training images anew in every epoch."""

    def __call__(self, images: np.ndarray, examples: np.ndarray, epoch: int) -> np.ndarray:
        """Change ``images``, uint8 of shape (n, d), into others of the same type and shape.

        ``examples`` (n,) are their numbers. Randomness may depend on a seed, the epoch and the
        example alone, so that it does not matter in which batch, process or order an image is
        asked for.
        """


@dataclass(eq=False)
class Batches:
    """Batches of ``images`` (n, d) and integer ``labels`` (n,), the same whenever asked for.

    ``scale`` None divides pixels, which are uint8, by 255, as `nnbasic train` does by default,
    and leaves values of other types as they are. ``order`` None leaves the examples in order, for
    evaluation; a SeedSequence or a seed shuffles them anew in every epoch, for training.
    ``transform`` changes the images before they are scaled.
    DataError if there are no examples, or shapes, types or labels do not fit.
    """

    images: np.ndarray
    labels: np.ndarray
    _: KW_ONLY
    batch_size: int
    scale: Scale | None = None
    dtype: DTypeLike = np.float32
    order: np.random.SeedSequence | int | None = None
    transform: Transform | None = None

    def __post_init__(self) -> None:
        images, labels, dtype = self.images, self.labels, np.dtype(self.dtype)
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
        if self.batch_size < 1:
            raise DataError(f"a batch size of {self.batch_size}; it must be at least 1")
        if dtype.kind != "f":
            raise DataError(f"batches of {dtype}; expected a floating-point type")
        if self.scale is None and images.dtype == np.uint8:
            self.scale = Scale.fit("unit", images)
        if not (self.order is None or isinstance(self.order, np.random.SeedSequence)):
            self.order = np.random.SeedSequence(self.order)
        # A new array for each batch of 500 takes a tenth of the time of scoring.
        self._x = np.empty((min(self.batch_size, len(images)), images.shape[1]), dtype)

    @property
    def examples(self) -> int:
        """The number of examples in an epoch."""
        return len(self.labels)

    def __len__(self) -> int:
        """The number of batches in an epoch; the last one may be smaller."""
        return -(-self.examples // self.batch_size)

    def epoch(
        self, epoch: int, part: Callable[[int], slice] = slice
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """`take` each batch of ``epoch``; of one with n examples, only those of ``part(n)``."""
        batches = [examples[part(len(examples))] for examples in self.indices(epoch)]
        ahead = 1 if self.transform is None else -(-AHEAD // self.batch_size)
        for start in range(0, len(batches), ahead):
            yield from self._taken(batches[start : start + ahead], epoch)

    def indices(self, epoch: int) -> Iterator[np.ndarray]:
        """The example numbers (n,) of each batch of ``epoch``.

        They are the same whenever asked for, whatever epochs were asked for before.
        """
        examples = np.arange(self.examples)
        if isinstance(self.order, np.random.SeedSequence):
            key = (*self.order.spawn_key, epoch)
            seed = np.random.SeedSequence(self.order.entropy, spawn_key=key)
            np.random.default_rng(seed).shuffle(examples)
        for start in range(0, self.examples, self.batch_size):
            yield examples[start : start + self.batch_size]

    def take(self, examples: np.ndarray, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """The inputs (n, d) of ``dtype``, scaled, and the labels (n,) of intp of ``examples`` (n,).

        The inputs live in a buffer that the next call overwrites.
        """
        return next(self._taken([examples], epoch))

    def _taken(
        self, batches: list[np.ndarray], epoch: int
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """`take` each of ``batches``, their images transformed at once."""
        examples = np.concatenate(batches)
        images = self.images[examples]
        if self.transform is not None:
            images = self.transform(images, examples, epoch)
        end = 0
        for batch in batches:
            start, end = end, end + len(batch)
            x = self._x[: len(batch)]
            x[:] = images[start:end]
            if self.scale is not None:
                x *= x.dtype.type(self.scale.multiplier)
                if self.scale.offset:
                    x += x.dtype.type(self.scale.offset)
            yield x, self.labels[batch].astype(np.intp)
