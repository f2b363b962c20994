"""Images and labels: MNIST (found, fetched, verified), the built-in digits, splits and batches."""

from nnbasic.data.batches import SCALES, Batches, Scale
from nnbasic.data.dataset import DATASETS, Dataset, Split, load
from nnbasic.data.files import DataError

__all__ = ["DATASETS", "SCALES", "Batches", "DataError", "Dataset", "Scale", "Split", "load"]
