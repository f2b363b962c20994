"""The directory of a run: its files, and a new one for a run that starts."""

from __future__ import annotations

import os
import re
import shlex
import tempfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnbasic import configs
from nnbasic.data.files import append, sync_folder
from nnbasic.training import lock
from nnbasic.training.storage import Lines, RunError, json_line, read_json, read_lines, write_text

if TYPE_CHECKING:
    from nnbasic.training.record import EpochFigures, Record, User


class ForeignError(RunError):
    """A directory that is not a run, not even a broken one."""


class VersionError(RunError):
    """A run whose record another version of nnbasic wrote."""


class Run:
    """A run's directory: a handle that reads and writes, and keeps nothing in memory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @property
    def id(self) -> str:
        name = self.directory.name
        return self.directory.resolve().name if name in ("", "..") else name

    @property
    def best(self) -> Path:
        return self.directory / "best.npz"

    @property
    def last(self) -> Path:
        return self.directory / "last.npz"

    @property
    def predictions(self) -> Path:
        return self.directory / "predictions.npz"

    def record(self) -> Record:
        """Read `run.json`.

        Raises ForeignError if there is none, VersionError if another version of nnbasic wrote it,
        and RunError if it is broken.
        """
        from nnbasic.training import record  # pydantic takes a tenth of a second to import

        path = self.directory / "run.json"
        try:
            content, value = read_json(path)
        except FileNotFoundError:
            raise ForeignError(f"{self.directory}: not a run, it has no run.json") from None
        except OSError as error:
            raise RunError(f"{path}: cannot be read: {error.strerror}") from None
        except ValueError as error:
            raise RunError(f"{path}: cannot be read: {error}") from None
        version = value.get("schema_version") if isinstance(value, dict) else None
        if type(version) is int and version != record.SCHEMA_VERSION:
            raise VersionError(self._other_version(version, record.SCHEMA_VERSION))
        try:
            return record.parse(content)
        except ValueError as error:
            raise RunError(f"{path}: broken: {error}") from None

    def _other_version(self, version: int, own: int) -> str:
        remedy = "use the newer nnbasic that wrote it"
        if version < own:
            remedy = (
                "use the older nnbasic that wrote it, or train it again: nnbasic train --config"
                f" {shlex.quote(str(self.directory))}/config.yaml"
            )
        return (
            f"{self.directory}: its record has version {version}, this nnbasic reads version"
            f" {own}; {remedy}"
        )

    def write_record(self, record: Record) -> None:
        """Replace `run.json`."""
        write_text(self.directory / "run.json", record.model_dump_json(indent=2) + "\n")

    def config(self, *, trust_plugins: bool = False) -> configs.Config:
        """Read the complete config of the run; RunError if it is invalid.

        Its plugins run if they are the files that it was trained with, and this user has run them
        before: the run may be a stranger's. With ``trust_plugins`` they run whatever they are.
        """
        may = None if trust_plugins else self._may_run
        try:
            return configs.load_file(self.directory / "config.yaml", may=may)
        except configs.ConfigError as error:
            raise RunError(f"{self.directory}: its config cannot be used:\n{error}") from error

    def _may_run(self, path: str, sha256: str) -> str | None:
        from nnbasic.configs.plugins import only_known

        if sha256 not in self.record().plugins.values():
            return (
                "the run was not trained with this file, or its record does not say so; if you"
                " would run it as a program, add --trust-plugins"
            )
        return only_known(path, sha256)

    def user(self) -> User:
        """Read `user.json`; if it is missing or broken, the run is named by its id."""
        from nnbasic.training.record import User, parse_user

        try:
            return parse_user(read_json(self.directory / "user.json")[0])
        except (OSError, ValueError):
            return User(name=self.id)

    def write_user(self, user: User) -> None:
        """Replace `user.json`."""
        write_text(self.directory / "user.json", user.model_dump_json(indent=2) + "\n")

    def metrics(self) -> list[dict[str, Any]]:
        """The lines of `metrics.jsonl`, one per epoch, up to one that is torn or broken."""
        return self.course().rows

    def course(self) -> Lines:
        """`metrics`, and what is wrong with the file."""
        from nnbasic.training.record import check_line

        return read_lines(self.directory / "metrics.jsonl", check_line)

    def append_metrics(self, row: Mapping[str, Any]) -> None:
        """Add the line of an epoch."""
        append(self.directory / "metrics.jsonl", json_line(row))

    def keep_metrics(self, epochs: int, val_images: int) -> list[EpochFigures]:
        """Cut `metrics.jsonl` to its first ``epochs`` lines, and return them.

        ``val_images`` is the size of the validation split. RunError if the file has fewer lines,
        or one of them lacks a figure: early stopping needs the whole history.
        """
        from nnbasic.training.record import EpochFigures

        rows = self.metrics()[:epochs]
        try:
            figures = [EpochFigures.from_metrics(row, val_images) for row in rows]
        except (ValueError, TypeError):
            figures = []
        if [each.epoch for each in figures] != list(range(1, epochs + 1)):
            raise RunError(
                f"{self.directory}/metrics.jsonl does not hold the {epochs} epochs before last.npz,"
                " so the run cannot be resumed exactly; train it again from the start"
            )
        write_text(self.directory / "metrics.jsonl", "".join(map(json_line, rows)))
        return figures

    def status(self, record: Record | None = None) -> str:
        """That of the record, or ``crashed`` if the process of a running one has gone.

        A run that finished near chance has ``collapsed``.
        """
        record = record or self.record()
        alive = record.status == "running" and lock.is_alive(
            self.directory, record.machine.get("host"), record.heartbeat
        )
        if record.status != "running" or alive:
            return record.outcome
        # It may have ended since its record was read: then the record says so by now.
        return "crashed" if (ended := self.record().outcome) == "running" else ended

    def claim(self) -> AbstractContextManager[Callable[[], bool]]:
        """Lock the run for this process; RunError if another one holds it.

        What it gives tells whether the directory is still the one that was locked.
        """
        return lock.claim(self.directory)

    def editing(self) -> AbstractContextManager[None]:
        """Wait until no other process edits `user.json` or moves the run, and keep them from it."""
        return lock.editing(self.directory)


def check_folder(runs: Path) -> None:
    """Raise RunError if no run can be made in ``runs``, before anything slow is done.

    Only the nearest existing folder is tried, and nothing is left there, so `create` may still
    fail.
    """
    try:
        there = next(folder for folder in (runs, *runs.absolute().parents) if folder.exists())
        tempfile.TemporaryDirectory(prefix=".", dir=there).cleanup()
    except OSError as error:
        raise RunError(
            f"{runs}: cannot make a run directory: {error.strerror}; name another with --runs"
        ) from error


def create(runs: Path, name: str) -> Run:
    """Make a new directory ``<utc time>-<name>-<4 hex>`` in ``runs``; RunError if impossible."""
    word = re.sub(r"[^A-Za-z0-9._]+", "-", name).strip("-.")[:40] or "run"
    while True:
        time = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        directory = runs / f"{time}-{word}-{os.urandom(2).hex()}"
        try:
            new = [folder for folder in runs.absolute().parents if not folder.exists()]
            runs.mkdir(parents=True, exist_ok=True)
            directory.mkdir()
        except FileExistsError:
            if not runs.is_dir():
                raise RunError(f"{runs}: not a directory; name another with --runs") from None
            continue  # another run drew the same four digits in the same second
        except OSError as error:
            raise RunError(f"{runs}: cannot make a run directory: {error.strerror}") from error
        try:
            sync_folder(runs)
            sync_folder(runs.absolute().parent)  # which may have got the folder of runs just now
            for folder in new:
                sync_folder(folder.parent)
        except OSError as error:
            directory.rmdir()
            raise RunError(f"{directory}: cannot be written: {error.strerror}") from error
        return Run(directory)
