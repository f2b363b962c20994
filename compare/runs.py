"""What a comparison takes from `nnbasic.training`: runs, and what they are made of."""

from __future__ import annotations

from nnbasic.training.choices import (
    RATE,
    SEARCHED,
    Scalar,
    Values,
    headings,
    in_spreadsheet,
    is_choice,
    shown,
    tell_apart,
)
from nnbasic.training.collection import RunData
from nnbasic.training.predictions import Predictions
from nnbasic.training.record import binomial_error
from nnbasic.training.storage import RunError, write_text

__all__ = [
    "RATE",
    "SEARCHED",
    "Predictions",
    "RunData",
    "RunError",
    "Scalar",
    "Values",
    "binomial_error",
    "headings",
    "in_spreadsheet",
    "is_choice",
    "shown",
    "tell_apart",
    "write_text",
]
