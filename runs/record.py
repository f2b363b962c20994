"""One run on disk: its directory, what `run.json` says, and who is at work on it."""

from __future__ import annotations

import contextlib
import re
import secrets
import socket
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from nnbasic.configs import Config, ConfigError, dump, load
from nnbasic.runs.storage import RunError, json_line, parse_json, read_lines, write_text

SCHEMA_VERSION = 1
STALE = timedelta(minutes=5)
"""A run on another machine whose heartbeat is older than this is taken for crashed."""

Status = Literal["running", "finished", "interrupted", "failed", "diverged"]

Figures = dict[str, int | float | None]
"""What was measured at the end of an epoch: a line of `metrics.jsonl`."""


class Record(BaseModel):
    """What `run.json` holds. A number that is not finite is null."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="null")

    schema_version: int = SCHEMA_VERSION
    id: str
    status: Status
    reason: str | None = None
    """Why it failed or diverged."""
    config: dict[str, Any]
    identity: str
    """Hash of the config without its seed: equal for the repetitions of one run."""
    dataset: str
    """``mnist`` or ``digits``: what it was trained on, whatever was asked for."""
    dataset_sha256: str
    versions: dict[str, str | None]
    machine: dict[str, Any]
    threads: int
    warnings: list[str] = []
    """What was seen before the first step and does not bode well."""
    started: str
    ended: str | None = None
    process: int
    heartbeat: str
    epoch: int = 0
    """Epochs done."""
    best: Figures | None = None
    """The metrics of the epoch that `best.npz` holds."""
    last: Figures | None = None
    test_accuracy: float | None = None
    test_loss: float | None = None
    seconds: float = 0.0
    """Time spent on training and validation, over all sessions."""


class ForeignError(RunError):
    """A directory that is no run, not even a broken one."""


class User(BaseModel):
    """What `user.json` holds: the only file that is edited after the run."""

    name: str
    tags: list[str] = []
    notes: str = ""


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
        """`run.json`; RunError if it is broken or of a newer version, ForeignError without one."""
        path = self.directory / "run.json"
        try:
            content = parse_json(path.read_bytes())
            version = content.get("schema_version") if isinstance(content, dict) else None
            if isinstance(version, int) and version > SCHEMA_VERSION:
                raise RunError(
                    f"{self.directory}: the run has record version {version}, this nnbasic reads"
                    f" up to {SCHEMA_VERSION}; use the newer nnbasic that wrote it"
                )
            return Record.model_validate(content)
        except FileNotFoundError:
            raise ForeignError(f"{self.directory}: not a run, it has no run.json") from None
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(map(str, first["loc"]))
            raise RunError(f"{path}: broken: {key or 'content'}: {first['msg']}") from None
        except (OSError, ValueError, RecursionError) as error:
            raise RunError(f"{path}: cannot be read: {error}") from None

    def write_record(self, record: Record) -> None:
        """Replace `run.json`."""
        write_text(self.directory / "run.json", record.model_dump_json(indent=2) + "\n")

    def config(self) -> Config:
        """The complete config of the run; RunError if its file is not what was written."""
        try:
            return load(self.directory / "config.yaml")
        except ConfigError as error:
            raise RunError(f"{self.directory}: its config cannot be used:\n{error}") from error

    def user(self) -> User:
        """`user.json`; a broken or missing one reads as the id for a name, and nothing else."""
        try:
            return User.model_validate_json((self.directory / "user.json").read_bytes())
        except (OSError, ValidationError):
            return User(name=self.id)

    def write_user(self, user: User) -> None:
        """Replace `user.json`."""
        write_text(self.directory / "user.json", user.model_dump_json(indent=2) + "\n")

    def metrics(self) -> list[dict[str, Any]]:
        """The lines of `metrics.jsonl`, one an epoch, without a torn last one."""
        return read_lines(self.directory / "metrics.jsonl")

    def append_metrics(self, row: dict[str, Any]) -> None:
        """Add the line of an epoch."""
        with (self.directory / "metrics.jsonl").open("a", encoding="utf-8") as file:
            file.write(json_line(row))

    def keep_metrics(self, epochs: int) -> list[dict[str, Any]]:
        """Cut `metrics.jsonl` to its first ``epochs`` lines, and return them.

        RunError if it has fewer: the history that early stopping needs is then lost.
        """
        rows = self.metrics()[:epochs]
        if [row.get("epoch") for row in rows] != list(range(1, epochs + 1)):
            raise RunError(
                f"{self.directory}/metrics.jsonl does not hold the {epochs} epochs that last.npz"
                " has behind it; the run cannot go on exactly, so train it anew"
            )
        write_text(self.directory / "metrics.jsonl", "".join(map(json_line, rows)))
        return rows

    def status(self, record: Record | None = None) -> str:
        """The recorded status, with ``crashed`` for a run whose process has gone."""
        record = record or self.record()
        if record.status != "running" or self._alive(record):
            return record.status
        # It may have ended between the reading and the test: then the record says so by now.
        return "crashed" if (ended := self.record().status) == "running" else ended

    def _alive(self, record: Record) -> bool:
        if sys.platform == "win32" or record.machine.get("host") != socket.gethostname():
            try:
                age = datetime.now(UTC) - datetime.fromisoformat(record.heartbeat)
            except (ValueError, TypeError):  # TypeError: a time without its zone
                return False
            return age < STALE
        import fcntl

        try:
            with (self.directory / ".lock").open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: others may look too
        except BlockingIOError:
            return True
        except OSError:
            pass  # there is no lock that anybody could hold
        return False

    @contextlib.contextmanager
    def claim(self) -> Iterator[None]:
        """Hold the run for this process; RunError if another process does.

        The lock is the kernel's: it ends with the process, however that ends, and no other
        process that gets the same number can be mistaken for it.
        """
        try:
            file = (self.directory / ".lock").open("w")
        except OSError as error:
            raise RunError(f"{self.directory}: cannot be written: {error.strerror}") from None
        with file:
            if sys.platform != "win32":
                import fcntl

                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise RunError(
                        f"{self.directory}: another process is training this run"
                    ) from None
            yield


def check_folder(runs: Path) -> None:
    """Raise RunError if ``runs`` could hold no run, before anything slow is done; leaves nothing.

    `create` may still fail: this only tries the nearest folder that is there.
    """
    try:
        there = next(folder for folder in (runs, *runs.absolute().parents) if folder.exists())
        tempfile.TemporaryDirectory(prefix=".", dir=there).cleanup()
    except OSError as error:
        raise RunError(
            f"{runs}: cannot make a run directory: {error.strerror}; name another with --runs"
        ) from error


def create(runs: Path, name: str) -> Run:
    """Claim a new directory ``<utc time>-<name>-<4 hex>`` in ``runs``; RunError if impossible."""
    word = re.sub(r"[^A-Za-z0-9._]+", "-", name).strip("-.")[:40] or "run"
    while True:
        time = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        directory = runs / f"{time}-{word}-{secrets.token_hex(2)}"
        try:
            runs.mkdir(parents=True, exist_ok=True)
            directory.mkdir()
        except FileExistsError:
            if not runs.is_dir():
                raise RunError(f"{runs}: not a directory; name another with --runs") from None
            continue  # another run drew the same four digits in the same second
        except OSError as error:
            raise RunError(f"{runs}: cannot make a run directory: {error.strerror}") from error
        return Run(directory)


def write_new(run: Run, record: Record, config: Config, name: str) -> None:
    """Fill the directory of a run that is about to start."""
    write_text(run.directory / "config.yaml", dump(config))
    run.write_user(User(name=name))
    run.write_record(record)
