"""`nnbasic runs`: what has been trained, and keeping it in order."""

import click

from nnbasic.cli.groups import LazyGroup

COMMANDS = {
    "list": ("runs_list", "List the runs, oldest first, with what differs among them."),
    "show": ("runs_show", "Show all about RUN: an id, its beginning, a name or a directory."),
    "diff": ("runs_show", "Show only what differs between two runs."),
    "tag": ("runs_curate", "Tag a run, or several, so that list and compare can select them."),
    "rename": ("runs_curate", "Give RUN another name."),
    "note": ("runs_curate", "Add a line to the notes of RUN, which show prints."),
    "rm": ("runs_curate", "Move runs to the trash."),
    "restore": ("runs_curate", "Bring runs back from the trash."),
    "export": ("runs_curate", "Write the metrics of runs for a spreadsheet or for TensorBoard."),
}


@click.group(cls=LazyGroup, lazy=COMMANDS)
def runs() -> None:
    """List, show, tag, remove and export runs."""
