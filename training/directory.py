"""The directory of a run: its files, and a new one for a run that starts."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnbasic.data.files import read_bytes, sync_folder
from nnbasic.training import lock
from nnbasic.training.record import SCHEMA_VERSION, EpochRow, Record, User, from_json
from nnbasic.training.storage import (
    LARGEST,
    Lines,
    RunError,
    parse_json,
    read_lines,
    run_error,
    with_epoch,
    write_bytes,
    write_text,
)

if TYPE_CHECKING:  # NumPy and YAML take their time: they are loaded once they are needed
    from nnbasic.configs import Config


UNUSABLE = "cannot make a run directory (--runs names another folder)"

IN_ID = 40
"""At most so many characters of a run's name are in its id."""


class ForeignError(RunError):
    """A directory that is no run, or one of another version of nnbasic: not even a broken one."""


class Run:
    """A run's directory: a handle that reads and writes, and keeps nothing in memory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.best = directory / "best.npz"
        self.last = directory / "last.npz"
        self.predictions = directory / "predictions.npz"

    @property
    def id(self) -> str:
        name = self.directory.name
        return self.directory.resolve().name if name in ("", "..") else name

    def record(self) -> Record:
        """Read `run.json`.

        Raises ForeignError if there is none, or another version of nnbasic wrote it, and RunError
        if it is broken.
        """
        path = self.directory / "run.json"
        try:
            content = parse_json(read_bytes(path, LARGEST))
            version = content.get("schema_version") if isinstance(content, dict) else None
            if type(version) is not int or version == SCHEMA_VERSION:
                record: Record = from_json(Record, content)
                return record
        except FileNotFoundError:
            raise ForeignError(f"{self.directory}: not a run, it has no run.json") from None
        except OSError as error:
            raise RunError(f"{path}: cannot be read: {error.strerror}") from None
        except ValueError as error:
            raise RunError(f"{path}: broken: {error}") from None
        remedy = "the newer nnbasic that wrote it"
        if version < SCHEMA_VERSION:
            again = shlex.quote(str(self.directory / "config.yaml"))
            remedy = f"the older one, or train it again: nnbasic train --config {again}"
        raise ForeignError(
            f"{self.directory}: its record has version {version}, this nnbasic reads version"
            f" {SCHEMA_VERSION}; use {remedy}"
        )

    def config(self, *, trust_plugins: bool = False) -> Config:
        """The config in `run.json`; RunError if it is invalid.

        Its plugins run if they are the files that it was trained with, and this user has run them
        before: the run may be a stranger's. With ``trust_plugins`` they run whatever they are.
        """
        from nnbasic import configs
        from nnbasic.configs.plugins import only_known

        record = self.record()

        def may(path: str, sha256: str) -> str | None:
            if sha256 in record.plugins.values():
                return only_known(path, sha256)
            return (
                "the run was not trained with this file, or its record does not say so; if you"
                " would run it as a program, add --trust-plugins"
            )

        content, place = configs.flow(record.config), str(self.directory / "run.json")
        try:
            return configs.loads(content, place=place, may=None if trust_plugins else may)
        except configs.ConfigError as error:
            raise RunError(f"{self.directory}: its config cannot be used:\n{error}") from error

    def user(self, *, needed: bool = False) -> User:
        """Read `user.json`; if it is missing or broken, the run is named by its id.

        If it is ``needed``, because it is about to be replaced, RunError if it is broken.
        """
        path = self.directory / "user.json"
        user = User(name=self.id)
        try:
            user = from_json(User, parse_json(read_bytes(path, LARGEST)))
        except FileNotFoundError:
            pass
        except (OSError, ValueError):
            if needed:
                raise RunError(
                    f"{path}: broken; repair it, or move it away to get a new one"
                ) from None
        return user

    def write(self, content: Record | User) -> None:
        """Replace `run.json` or `user.json`; RunError if it would be larger than what is read."""
        path = self.directory / ("user.json" if isinstance(content, User) else "run.json")
        text = json.dumps(asdict(content), indent=2, ensure_ascii=False, allow_nan=False)
        encoded = f"{text}\n".encode(errors="replace")  # an argument may hold half a character
        if len(encoded) > LARGEST:
            raise RunError(
                f"{path}: would have {len(encoded):,} bytes, and at most {LARGEST:,} are read;"
                " it stays as it is"
            )
        write_bytes(path, encoded)

    def metrics(self) -> Lines[EpochRow]:
        """The lines of `metrics.jsonl`, one per epoch, up to one that is torn or broken."""
        return read_lines(self.directory / "metrics.jsonl", partial(from_json, EpochRow))

    def diagnostics(self) -> Lines[dict[str, Any]]:
        """The lines of `diagnostics.jsonl`, from epoch 0, up to one that is torn or broken."""
        return read_lines(self.directory / "diagnostics.jsonl", with_epoch)

    def keep(self, epochs: int) -> list[EpochRow]:
        """Cut metrics and diagnostics to the first ``epochs`` epochs, and return these metrics.

        RunError if there are fewer metrics: early stopping needs the whole history. Diagnostics
        that are missing, or cannot be read, stay as they are: they are only looked at.
        """
        rows = self.metrics()[:epochs]
        if [row.epoch for row in rows] != list(range(1, epochs + 1)):
            raise RunError(
                f"{self.directory}/metrics.jsonl does not hold the {epochs} epochs before last.npz,"
                " so the run cannot be resumed exactly; train it again from the start"
            )
        write_text(self.directory / "metrics.jsonl", "".join(row.line() for row in rows))
        if found := self.diagnostics():
            kept = (json.dumps(line) + "\n" for line in found if line["epoch"] <= epochs)
            write_text(self.directory / "diagnostics.jsonl", "".join(kept))
        return rows

    def status(self, record: Record | None = None) -> str:
        """That of the record, or ``crashed`` if the process of a running one has gone.

        A run that finished near chance has ``collapsed``. Where locks cannot be tested, a run that
        says that it is running is believed.
        """
        record = record or self.record()
        if record.status != "running" or not lock.is_free(self.directory):
            return record.outcome
        # It may have ended since its record was read: then the record says so by now.
        return "crashed" if (ended := self.record().outcome) == "running" else ended

    def claim(self) -> AbstractContextManager[Callable[[], bool]]:
        """Lock the run for this process: see `nnbasic.training.lock.locked`."""
        return lock.locked(self.directory)


def check_folder(runs: Path) -> None:
    """Raise RunError if no run can be made in ``runs``, before anything slow is done.

    Only the nearest existing folder is tried, and nothing is left there, so `create` may still
    fail.
    """
    with run_error(runs, UNUSABLE):
        there = next(folder for folder in (runs, *runs.absolute().parents) if folder.exists())
        tempfile.TemporaryDirectory(prefix=".", dir=there).cleanup()


def create(runs: Path, name: str) -> Run:
    """Make a new directory ``<utc time>-<name>-<4 hex>`` in ``runs``; RunError if impossible."""
    word = re.sub(r"[^A-Za-z0-9._]+", "-", name).strip("-.")[:IN_ID] or "run"
    with run_error(runs, UNUSABLE):
        # the folder of runs may be new, as may those above it
        new = [folder for folder in (runs, *runs.absolute().parents) if not folder.exists()]
        runs.mkdir(parents=True, exist_ok=True)
        directory = _claimed(runs, word)
        try:
            for folder in (runs, runs.absolute().parent, *(each.parent for each in new)):
                sync_folder(folder)
        except OSError:
            directory.rmdir()
            raise
    return Run(directory)


def _claimed(runs: Path, word: str) -> Path:
    while True:
        time = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        directory = runs / f"{time}-{word}-{os.urandom(2).hex()}"
        # another run may have drawn the same four digits in the same second
        with contextlib.suppress(FileExistsError):
            directory.mkdir()
            return directory
