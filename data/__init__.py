"""Images and labels: MNIST (found, fetched, verified), the built-in digits, splits and batches."""

from typing import TYPE_CHECKING, Any

from nnbasic.data.files import DataError
from nnbasic.data.scale import SCALES, Scale

if TYPE_CHECKING:
    from nnbasic.data.batches import Batches, Transform
    from nnbasic.data.dataset import DATASETS, Dataset, Split, load, load_idx

# fmt: off
__all__ = [
    "DATASETS", "SCALES", "Batches", "DataError", "Dataset", "Scale", "Split", "Transform", "load",
    "load_idx",
]
# fmt: on


def __getattr__(name: str) -> Any:
    """Import what needs NumPy when it is first used: listing runs opens files through this room."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from nnbasic.data import batches, dataset

    return getattr(batches if name in ("Batches", "Transform") else dataset, name)
