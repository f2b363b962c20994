"""What a process does to runs, for tests that disturb it: one operation on the runs in a folder.

The exit code is 3 for an error that is one message of ours. A process writes ``done`` to stdout at
the end, and ``train`` a line once the run is there and after each epoch: from then on none of it
may be lost.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from nnbasic.configs import Config
from nnbasic.data import DataError
from nnbasic.data.files import syncing
from nnbasic.model import Epoch
from nnbasic.training import FailedError, Run, RunError, all_runs, start
from nnbasic.training.collection import collect
from nnbasic.training.curation import TRASH, discard, purge, rename, restore, tag
from nnbasic.training.metrics_export import write_csv
from small_runs import make_config, make_dataset

REFUSED = 3
EPOCHS = 2


def config() -> Config:
    return make_config(epochs=EPOCHS, layers=[784, 8, 10])


def train(folder: Path) -> None:
    dataset = make_dataset()
    session = start(config(), dataset, runs=folder, name="run")
    os.write(1, b"0\n")
    for event in session.train():
        if isinstance(event, Epoch):
            os.write(1, b"%d\n" % event.epoch)


def train_unsynced(folder: Path) -> None:
    with syncing(False):
        train(folder)


def export(folder: Path) -> None:
    """With an error for what the command warns of, and leaves out."""
    data, problems = collect(folder, whole=True)
    if problems:
        raise RunError("; ".join(problems))
    write_csv(data, folder / "metrics.csv")


def the_run(folder: Path) -> Run:
    for run in all_runs(folder):
        return run
    raise RunError("there is no run")


OPERATIONS = {
    "train": train,
    "tag": lambda folder: tag(the_run(folder), ["good"]),
    "rename": lambda folder: rename(the_run(folder), "another"),
    "rm": lambda folder: discard([the_run(folder)]),
    "purge": lambda folder: purge([the_run(folder)]),
    "restore": lambda folder: restore([the_run(folder / TRASH)]),
    "export": export,
}

if __name__ == "__main__":
    try:
        (OPERATIONS | {"train unsynced": train_unsynced})[sys.argv[1]](Path(sys.argv[2]))
        os.write(1, b"done\n")
    except (RunError, FailedError, DataError) as error:
        print(error, file=sys.stderr)
        sys.exit(REFUSED)
