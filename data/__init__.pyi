from .batches import Batch, Batches, Transform
from .dataset import DATASETS, Dataset, Split, load, load_idx
from .files import DataError
from .scale import SCALES, Scale

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
    "load_idx",
]
