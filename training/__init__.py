"""One run on disk: its record, its training, its scores, and finding it again."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nnbasic.training.collection import all_runs, find, newest
    from nnbasic.training.directory import Run
    from nnbasic.training.predictions import Predictions
    from nnbasic.training.record import EpochRow, RateSearch, Record, User
    from nnbasic.training.session import FailedError, start, train
    from nnbasic.training.storage import RunError
    from nnbasic.training.trained import Trained, build, evaluate_run

# fmt: off
__all__ = [
    "EpochRow", "FailedError", "Predictions", "RateSearch", "Record", "Run", "RunError",
    "Trained", "User", "all_runs", "build", "evaluate_run", "find", "newest", "start", "train",
]
# fmt: on

MODULES = ("storage", "directory", "collection", "record", "predictions", "trained", "session")
"""Where they are, what loads little first."""


def __getattr__(name: str) -> Any:
    """A name is imported when it is first used: `nnbasic --help` needs none of these files."""
    for module in MODULES if name in __all__ else ():
        if (found := getattr(import_module(f"{__name__}.{module}"), name, None)) is not None:
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
