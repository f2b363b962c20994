"""How the jobs of a sweep end, wherever they were trained."""

from dataclasses import dataclass
from typing import NamedTuple

from nnbasic.sweeps.plan import ENDED, Job
from nnbasic.training.directory import Run
from nnbasic.training.storage import RunError


class Progress(NamedTuple):
    """How many epochs of a job have been trained."""

    job: Job
    epochs: int


@dataclass(frozen=True)
class Outcome:
    """How a job ended: ``status`` is that of its run, ``message`` the reason for a bad end."""

    job: Job
    status: str
    message: str = ""
    val_accuracy: float | None = None
    """The best validation accuracy, if the run got that far and has a validation split."""
    run: Run | None = None

    @property
    def ended(self) -> bool:
        """Whether there is nothing left to do here."""
        return self.status in (*ENDED, "running")


def outcome(job: Job, run: Run | None, words: str) -> Outcome:
    """The outcome in the record of ``run``; ``words`` are the last ones of its process."""
    if run is None:
        return Outcome(job, "failed", words or "interrupted before it began")
    try:
        record = run.record()
        status = run.status(record)
    except RunError as error:
        return Outcome(job, "failed", str(error), run=run)
    return Outcome(job, status, record.reason or words, record.val_accuracy, run)
