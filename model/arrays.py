"""The array types of the model room."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
"""Floating-point numbers of the network's dtype: float32 or float64."""

Labels = NDArray[np.intp]
"""Class indices, shape (n,), each at least 0 and less than the number of classes."""
