"""A folder of runs from an enemy, and every command on it.

No command ends in a traceback, waits, or changes anything outside that folder; what is wrong with
one run is said, and the good runs are shown.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hostile import HOSTILE, NAMES, make
from nnbasic.cli.main import main
from nnbasic.cli.options import run_ids
from nnbasic.sweeps.plan import attempts
from nnbasic.training import newest
from support import NNBASIC

resource = pytest.importorskip("resource")  # as pipes with a name, not on Windows

PATIENCE = 30
"""Seconds after which a command is waiting for something that never comes."""

MEMORY = 3 << 30
"""Bytes of address space: no file is believed."""

ALL = [
    "runs list",
    "runs list --json",
    "runs list --where activation=relu --sort epoch",
    "compare",
    "compare --format json",
    "compare --format csv",
    "compare --format markdown",
    "compare --report report.html",
    "runs export --csv out.csv",
    "runs export --tensorboard events",
]

ONE = [
    "runs show RUN",
    "runs show RUN --json",
    "runs diff RUN GOOD",
    "eval RUN",
    "eval RUN --checkpoint last",
    "predict RUN digit.npy",
    "export RUN network.npz",
    "runs tag RUN word",
    "runs rename RUN name",
    "train --resume RUN --quiet",
    "runs rm RUN",
    "runs restore RUN",
    "runs rm --purge RUN",
]


@pytest.fixture(scope="module")
def enemy(tmp_path_factory: pytest.TempPathFactory, trained_on_digits: Path) -> Path:
    """The folder in which `make` has made its runs."""
    folder = tmp_path_factory.mktemp("enemy")
    make(min(trained_on_digits.iterdir()), folder)
    return folder


@pytest.fixture
def here(workplace: Path, enemy: Path) -> Path:
    """The working directory, with a picture of a digit."""
    picture = np.zeros((28, 28), np.uint8)
    picture[4:24, 13:16] = 255
    np.save(workplace / "digit.npy", picture)
    return workplace


def state(folder: Path) -> dict[str, tuple[str, float]]:
    """The content of each file below ``folder``, and when it was written."""
    return {
        str(path): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def precious(enemy: Path) -> Iterator[None]:
    """What lies beside the runs, and what links in them lead to, stays as it is."""
    before = state(enemy / "precious")
    assert before
    yield
    assert state(enemy / "precious") == before


def limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


@pytest.mark.usefixtures("precious")
@pytest.mark.parametrize("command", ALL)
def test_the_good_runs_are_shown(here: Path, enemy: Path, command: str) -> None:
    words = [*command.split(), "--runs", str(enemy / "runs")]
    if command.startswith("runs export"):
        words[2:2] = ["good-", *(f"{digit}" for digit in range(2))]
    done = subprocess.run(
        [NNBASIC, *words],
        capture_output=True,
        text=True,
        timeout=4 * PATIENCE,
        check=False,
        preexec_fn=limited,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    shown = done.stdout + done.stderr
    assert "run.json: cannot be read: is no regular file" in " ".join(shown.split())
    for line in shown.split("\n"):
        assert line.isprintable()
    for file in "out.csv", "report.html":
        if file in command:
            shown += Path(file).read_text()
    if "events" in command:
        shown += " ".join(path.name for path in Path("events").iterdir())
    for number in range(3):
        assert "compare" in command or f"good-{number}" in shown
    assert not list((enemy / "runs").glob("*/executed"))


def test_what_looks_for_runs_finds_the_good_ones(enemy: Path) -> None:
    runs = enemy / "runs"
    good = {f"good-{number}" for number in range(3)}
    assert good <= {each.run.id for found in attempts(runs).values() for each in found}
    assert good <= {item.value for item in run_ids(runs, "")}
    assert newest(runs).directory.parent == runs


@pytest.mark.parametrize(
    "name", ["record: formulas", "user: formula", "npz: not finite", "config: plugin", "name 7"]
)
def test_a_page_to_draw_on(
    here: Path, once: Callable[..., int], made: dict[str, Path], name: str
) -> None:
    usable = not name.startswith(("npz", "config", "record"))
    assert once("draw", str(made[name])) == (0 if usable else 2)
    assert not list(made[name].glob("executed"))


@pytest.fixture
def once(here: Path) -> Iterator[Callable[..., int]]:
    """Run a command in this process; its exit code. It fails if the command keeps waiting."""

    def stop(number: int, frame: Any) -> None:
        pytest.fail(f"still at it after {PATIENCE} seconds")

    def run(*words: str) -> int:
        signal.alarm(PATIENCE)
        try:
            with pytest.raises(SystemExit) as ended:
                main(list(words), prog_name="nnbasic")
        finally:
            signal.alarm(0)
        assert isinstance(ended.value.code, int)
        return ended.value.code

    before = signal.signal(signal.SIGALRM, stop)
    yield run
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("precious")
@pytest.mark.parametrize("name", [*HOSTILE, *(f"name {n}" for n in range(len(NAMES))), "a link"])
def test_every_command_on_one_run(
    here: Path,
    enemy: Path,
    once: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    name: str,
    made: dict[str, Path],
) -> None:
    """It is done, or refused with exit code 2 and one message."""
    runs = here / "runs"
    runs.mkdir()
    shutil.copytree(made[name], runs / made[name].name, symlinks=True, copy_function=same_kind)
    run = str(Path("runs") / made[name].name)
    for command in ONE:
        place = str(Path("runs", ".trash", made[name].name)) if "restore" in command else run
        if "--resume" in command:
            unfinished(Path(run))
        given = {"RUN": place, "GOOD": str(enemy / "runs" / "good-0")}
        words = [given.get(word, word) for word in command.split()]
        code = once(*words)
        out, err = capsys.readouterr()
        assert "Traceback" not in err, command
        failed = "--resume" in command and ("failed: " in err or "diverged: " in err)
        assert code in (0, 1 if failed else 2), (command, err)
        assert code == 0 or err, command
        for line in (out + err).split("\n"):
            assert line.isprintable()
    assert not list(here.glob("**/executed"))


@pytest.fixture(scope="module")
def made(enemy: Path) -> dict[str, Path]:
    """The directory of each hostile run."""
    runs = enemy / "runs"
    found = {name: next(runs.glob(f"{n:03}-*")) for n, name in enumerate(HOSTILE)}
    found |= {f"name {number}": runs / name for number, name in enumerate(NAMES)}
    return found | {"a link": runs / "a link"}


def same_kind(source: str, target: str) -> None:
    """Copy a file as what it is."""
    path = Path(source)
    if path.is_fifo():
        os.mkfifo(target)
    elif path.stat().st_size > 1 << 30:
        os.truncate(os.open(target, os.O_CREAT | os.O_WRONLY), path.stat().st_size)
    else:
        shutil.copy2(source, target, follow_symlinks=False)


def unfinished(run: Path) -> None:
    """Let the record of a finished run say that it can be resumed."""
    record = run / "run.json"
    if record.is_file() and not record.is_symlink() and record.stat().st_size < 1 << 20:
        text = record.read_text(errors="surrogateescape")
        text = text.replace('"status": "finished"', '"status": "interrupted"')
        record.write_text(text, errors="surrogateescape")
