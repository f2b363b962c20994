from .directory import Run
from .failing import FailedError
from .lookup import DIRECTORY, all_runs, find, newest
from .predictions import Evaluation, Predictions
from .record import EpochFigures, RateSearch, Record, User
from .scoring import evaluate_run
from .session import Session, train
from .starting import start
from .storage import RunError
from .trained import Trained, build

__all__ = [
    "DIRECTORY",
    "EpochFigures",
    "Evaluation",
    "FailedError",
    "Predictions",
    "RateSearch",
    "Record",
    "Run",
    "RunError",
    "Session",
    "Trained",
    "User",
    "all_runs",
    "build",
    "evaluate_run",
    "find",
    "newest",
    "start",
    "train",
]
