"""Images and labels: MNIST (found, fetched, verified), the built-in digits, splits and batches."""

from nnbasic.data.batches import SCALES, Batch, Batches, Scale, Transform
from nnbasic.data.dataset import DATASETS, Dataset, Split, load
from nnbasic.data.files import DataError

__all__ = [
    "DATASETS",
    "SCALES",
    "Batch",
    "Batches",
    "DataError",
    "Dataset",
    "Scale",
    "Split",
    "Transform",
    "load",
]
