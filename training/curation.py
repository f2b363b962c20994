"""Keeping runs in order: tags, names, notes, and a trash from which they can be brought back."""

import contextlib
import secrets
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from nnbasic.configs.errors import printable
from nnbasic.data.files import sync_folder
from nnbasic.training.directory import Run
from nnbasic.training.lock import EDITING, locked
from nnbasic.training.record import User
from nnbasic.training.storage import RunError, refuse_link, run_error

TRASH = ".trash"
"""Where removed runs go, below the runs: hidden, so that nothing lists them."""

DOOMED = ".deleted"
"""The suffix of a directory in the trash that is being deleted."""


def tag(run: Run, words: Iterable[str], *, remove: bool = False) -> User:
    """Add ``words`` to the run's tags, or remove them.

    RunError for a word that is empty or has spaces, or that is to be removed but is not a tag.
    """
    with _edited(run) as user:
        tags = dict.fromkeys(user.tags)
        for word in map(checked_tag, words):
            if remove and word not in tags:
                there = ", ".join(user.tags) or "none"
                raise RunError(f"{run.directory}: no tag {word!r} to remove; it has {there}")
            tags[word] = None
            if remove:
                del tags[word]
        user.tags = list(tags)
    return user


def rename(run: Run, name: str) -> User:
    """Give the run a new name, one line; its id, the name of its directory, stays."""
    name = name.strip()
    if not name or printable(name) != name:
        raise RunError(f"{name!r} is not a name: it must be one line, and not empty")
    with _edited(run) as user:
        user.name = name
    return user


def note(run: Run, text: str, *, replace: bool = False) -> User:
    """Add ``text`` to the run's notes, as a line of its own; or ``replace`` them by it."""
    with _edited(run) as user:
        before = [] if replace or not user.notes else [user.notes]
        user.notes = "\n".join([*before, text.strip()])
    return user


def checked_tag(word: str) -> str:
    """``word``, if it can be a tag, else RunError."""
    if not word or printable(word) != word or " " in word:
        raise RunError(f"{word!r} is not a tag: a tag is one word")
    return word


def join(run: Run, sweep: str, tags: Iterable[str] = ()) -> None:
    """Note that the run belongs to the ``sweep`` with this id, which may have found it there.

    It gets the ``tags`` too, which are each a `checked_tag`.
    """
    with _edited(run) as user:
        user.sweeps.append(sweep)
        user.tags += [tag for tag in dict.fromkeys(tags) if tag not in user.tags]


@contextlib.contextmanager
def _edited(run: Run) -> Iterator[User]:
    """What `user.json` says, written at the end of the block; RunError if it is broken."""
    run.record()  # RunError if it is none
    with locked(run.directory, EDITING):
        user = run.user(needed=True)
        yield user
        with run_error(run.directory):
            run.write(user)


def discard(runs: Sequence[Run]) -> None:
    """Move ``runs`` to the trash beside them; if one must stay, RunError before any is moved."""
    for run in runs:
        _check(run)
        if run.directory.parent.name == TRASH:
            raise RunError(f"{run.directory}: already in the trash; --purge deletes it")
    _move(runs, [_trash(run) / run.id for run in runs])


def restore(runs: Sequence[Run]) -> None:
    """Move ``runs`` out of the trash; if one is not in it, RunError before any is moved."""
    for run in runs:
        if run.directory.parent.name != TRASH:
            raise RunError(f"{run.directory}: not in the trash")
        refuse_link(run.directory.parent)
    _move(runs, [run.directory.parent.parent / run.id for run in runs])


def purge(runs: Sequence[Run]) -> None:
    """Delete ``runs`` for good; if one must stay, RunError before any is deleted."""
    for run in runs:
        _check(run)
    doomed = [_trash(run) / f".{run.id}.{secrets.token_hex(4)}{DOOMED}" for run in runs]
    _move(runs, doomed)  # there nobody finds them, so that none is brought back half deleted
    left = (each for target in doomed for each in target.parent.glob(f".*{DOOMED}"))
    for directory in sorted({*doomed, *left}):  # also what a killed process has left
        # another process may delete it too
        with run_error(directory, "cannot be deleted"), contextlib.suppress(FileNotFoundError):
            shutil.rmtree(directory)


def _trash(run: Run) -> Path:
    folder = run.directory.parent
    return folder if folder.name == TRASH else folder / TRASH


def _check(run: Run) -> None:
    """RunError if ``run`` is being trained, or is not a run at all; a broken one may go."""
    refuse_link(run.directory.parent / TRASH)
    if not (run.directory / "run.json").exists():
        raise RunError(f"{run.directory}: not a run, it has no run.json; it stays")
    with _alone(run):
        pass


def _move(runs: Sequence[Run], targets: Sequence[Path]) -> None:
    for target in targets:
        if target.exists():
            raise RunError(f"{target}: already exists; move it away first")
    for run, target in zip(runs, targets, strict=True):
        with run_error(run.directory, "cannot be moved"):
            if not target.parent.exists():
                target.parent.mkdir(exist_ok=True)
                sync_folder(target.parent.parent)
            with _alone(run):
                run.directory.rename(target)
            sync_folder(target.parent)
            sync_folder(run.directory.parent)


@contextlib.contextmanager
def _alone(run: Run) -> Iterator[None]:
    """Keep all others from ``run`` while the block moves it; RunError if one is at work on it."""
    refuse_link(run.directory)
    if sys.platform == "win32":  # which moves nothing that is open
        yield
    else:
        with locked(run.directory, EDITING), run.claim():
            yield
