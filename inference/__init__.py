"""A trained network in use: preparing pictures, and predicting the digits in them."""

from nnbasic.inference.pictures import Digit, Skipped, Unreadable, read
from nnbasic.inference.predicting import Prediction, predict
from nnbasic.inference.preparation import examine, prepare, prepare_each

__all__ = [
    "Digit",
    "Prediction",
    "Skipped",
    "Unreadable",
    "examine",
    "predict",
    "prepare",
    "prepare_each",
    "read",
]
