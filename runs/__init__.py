"""One run on disk: its record, its training, its scores, and finding it again."""

from nnbasic.runs.directory import Run
from nnbasic.runs.lookup import DIRECTORY, all_runs, find, newest
from nnbasic.runs.predictions import Evaluation, Predictions
from nnbasic.runs.record import EpochFigures, RateSearch, Record, User
from nnbasic.runs.scoring import evaluate_run
from nnbasic.runs.storage import RunError
from nnbasic.runs.trained import Trained, build
from nnbasic.runs.training import FailedError, Session, start, train

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
