"""Keeping runs in order: tags, names, notes, and a trash from which they can be brought back."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from nnbasic.configs.errors import printable
from nnbasic.data.files import sync_folder
from nnbasic.training.directory import Run
from nnbasic.training.record import User, parse_user
from nnbasic.training.storage import RunError, read_json, refuse_link

TRASH = ".trash"
"""Where removed runs go, below the runs: hidden, so that nothing lists them."""

DOOMED = ".deleted"
"""The suffix of a directory in the trash that is being deleted."""


def tag(run: Run, words: Iterable[str], *, remove: bool = False) -> User:
    """Add ``words`` to the run's tags, or remove them.

    RunError for a word that is empty or has spaces, or that is to be removed but is not a tag.
    """
    with run.editing():
        user = _user(run)
        tags = dict.fromkeys(user.tags)
        for word in words:
            if not word or printable(word) != word or " " in word:
                raise RunError(f"{word!r} is not a tag: a tag is one word")
            if remove and word not in tags:
                there = ", ".join(user.tags) or "none"
                raise RunError(f"{run.directory}: no tag {word!r} to remove; it has {there}")
            if remove:
                del tags[word]
            else:
                tags[word] = None
        return _write(run, user.model_copy(update={"tags": list(tags)}))


def rename(run: Run, name: str) -> User:
    """Give the run a new name, one line; its id, the name of its directory, stays."""
    name = name.strip()
    if not name or printable(name) != name:
        raise RunError(f"{name!r} is not a name: it must be one line, and not empty")
    with run.editing():
        return _write(run, _user(run).model_copy(update={"name": name}))


def note(run: Run, text: str, *, replace: bool = False) -> User:
    """Add ``text`` to the run's notes, as a line of its own; or ``replace`` them by it."""
    with run.editing():
        user = _user(run)
        before = [] if replace or not user.notes else [user.notes]
        return _write(run, user.model_copy(update={"notes": "\n".join([*before, text.strip()])}))


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
        refuse_link(run.directory)
        refuse_link(run.directory.parent)
    _move(runs, [run.directory.parent.parent / run.id for run in runs])


def purge(runs: Sequence[Run]) -> None:
    """Delete ``runs`` for good; if one must stay, RunError before any is deleted."""
    for run in runs:
        _check(run)
    doomed = [_trash(run) / f".{run.id}.{secrets.token_hex(4)}{DOOMED}" for run in runs]
    _move(runs, doomed)  # there nobody finds them, so that none is brought back half deleted
    for folder in {each.parent for each in doomed}:
        with contextlib.suppress(OSError):  # what a killed process has left can wait
            doomed += [each for each in folder.glob(f".*{DOOMED}") if each not in doomed]
    for directory in doomed:
        try:
            shutil.rmtree(directory)
        except FileNotFoundError:  # another process deletes it too
            continue
        except OSError as error:
            raise RunError(f"{directory}: cannot be deleted: {error}") from None


def _trash(run: Run) -> Path:
    folder = run.directory.parent
    return folder if folder.name == TRASH else folder / TRASH


def _check(run: Run) -> None:
    """RunError if ``run`` is being trained, or is not a run at all; a broken one may go."""
    refuse_link(run.directory)
    refuse_link(run.directory.parent / TRASH)
    if not (run.directory / "run.json").exists():
        raise RunError(f"{run.directory}: not a run, it has no run.json; it stays")
    try:
        status = run.status()
    except RunError:
        return
    if status == "running":
        raise RunError(f"{run.directory}: the run is running; end it first (Ctrl-C keeps it)")


def _move(runs: Sequence[Run], targets: Sequence[Path]) -> None:
    for target in targets:
        if target.exists():
            raise RunError(f"{target}: already exists; move it away first")
    for run, target in zip(runs, targets, strict=True):
        try:
            if not target.parent.exists():
                target.parent.mkdir(exist_ok=True)
                sync_folder(target.parent.parent)
            with _alone(run):
                run.directory.rename(target)
            sync_folder(target.parent)
            sync_folder(run.directory.parent)
        except OSError as error:
            raise RunError(f"{run.directory}: cannot be moved: {error.strerror}") from None


@contextlib.contextmanager
def _alone(run: Run) -> Iterator[None]:
    """Keep all others from ``run`` while the block moves it; RunError if one is at work on it."""
    if sys.platform == "win32":  # which moves nothing that is open
        yield
    else:
        with run.editing(), run.claim():
            yield


def _user(run: Run) -> User:
    """`user.json` for editing; RunError if it is broken, so that nothing in it is lost."""
    run.record()  # raises if it is not a run
    path = run.directory / "user.json"
    try:
        return parse_user(read_json(path)[0])
    except FileNotFoundError:
        return User(name=run.id)
    except (OSError, ValueError):
        raise RunError(f"{path}: broken; repair it, or move it away to get a new one") from None


def _write(run: Run, user: User) -> User:
    try:
        run.write_user(user)
    except OSError as error:
        raise RunError(f"{run.directory}: cannot be written: {error.strerror}") from None
    return user
