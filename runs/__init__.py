"""One run on disk and many runs side by side."""

from nnbasic.runs.files import RunError
from nnbasic.runs.locate import DIRECTORY, all_runs, find, newest
from nnbasic.runs.record import Record, Run, User
from nnbasic.runs.scoring import Predictions, build, evaluate_run
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
