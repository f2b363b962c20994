"""`nnbasic runs`: what has been trained, and keeping it in order."""

import click

from nnbasic.cli.groups import LazyGroup

LIST, SHOW, CURATE = "runs_list", "runs_show", "runs_curate"
"""The files of its commands."""

COMMANDS = {
    "list": (LIST, "List the runs, oldest first, with what differs among them."),
    "show": (SHOW, "Show all about RUN: an id, its beginning, a name or a directory."),
    "diff": (SHOW, "Show only what differs between two runs."),
    "tag": (CURATE, "Tag a run, or several, so that list and compare can select them."),
    "rename": (CURATE, "Give RUN another name."),
    "note": (CURATE, "Add a line to the notes of RUN, which show prints."),
    "rm": (CURATE, "Move runs to the trash."),
    "restore": (CURATE, "Bring runs back from the trash."),
    "export": (CURATE, "Write the metrics of runs for a spreadsheet or for TensorBoard."),
}


@click.group(cls=LazyGroup, lazy=COMMANDS)
def runs() -> None:
    """List, show, tag, remove and export runs."""
