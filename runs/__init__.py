"""One run on disk: its record, its training, its scores, and finding it again."""

from nnbasic.runs.lookup import DIRECTORY, all_runs, find, newest
from nnbasic.runs.record import Record, Run, User
from nnbasic.runs.scoring import Predictions, build, evaluate_run
from nnbasic.runs.storage import RunError
from nnbasic.runs.training import FailedError, start, train

__all__ = [
    "DIRECTORY",
    "FailedError",
    "Predictions",
    "Record",
    "Run",
    "RunError",
    "User",
    "all_runs",
    "build",
    "evaluate_run",
    "find",
    "newest",
    "start",
    "train",
]
