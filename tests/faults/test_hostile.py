"""Folders of runs from an enemy: no command waits, ends in a traceback, or changes what is outside.

What is wrong with a run is said in one line, and the good runs are shown.
"""

import csv
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hostile import HARMLESS, NAMES, SPOILT, UNREADABLE, UNUSABLE, Change
from support import PATIENCE, Said, invoke, limited, run

pytest.importorskip("resource")  # as pipes with a name, not on Windows

MEMORY = 3 << 30
"""Bytes of address space: no file is believed."""


@pytest.fixture
def good(workplace: Path, trained_on_digits: Path) -> Path:
    """The working directory, with a good run in ./runs."""
    shutil.copytree(min(trained_on_digits.iterdir()), "runs/good")
    return workplace


@pytest.fixture
def bad(good: Path) -> Iterator[Callable[[Change], Path]]:
    """Gives a copy of the good run with a change; no command may wait for ever."""

    def changed(change: Change) -> Path:
        path = Path(shutil.copytree("runs/good", "runs/bad"))
        change(path)
        return path

    def stop(number: int, frame: Any) -> None:
        pytest.fail("it is waiting for something that never comes")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(PATIENCE)
    yield changed
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
    assert not [*good.rglob("executed")]


def problems(said: Said) -> list[str]:
    assert said.code == 0, said.err
    found: list[str] = said.json()["problems"]
    return found


def listed() -> set[str]:
    return {run["directory"] for run in invoke("runs", "list", "--json").json()["runs"]}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_run_that_cannot_be_read(bad: Callable[[Change], Path], name: str) -> None:
    path = bad(UNREADABLE[name])
    (problem,) = problems(invoke("runs", "list", "--json"))
    assert problem.startswith(str(path))
    assert listed() == {"runs/good"}
    assert invoke("runs", "show", path).refused(str(path))
    assert invoke("eval", path).refused(str(path))
    assert invoke("train", "--resume", path).refused(str(path))


@pytest.mark.parametrize("name", SPOILT)
def test_a_part_that_cannot_be_read(bad: Callable[[Change], Path], name: str) -> None:
    file, change = SPOILT[name]
    path = bad(change)
    assert listed() == {"runs/good", "runs/bad"}
    said = invoke("runs", "show", path)
    assert said.code == 0
    assert str(path / file) in " ".join((said.out + said.err).split())
    assert invoke("eval", path).code == 0


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_network_that_cannot_be_used(bad: Callable[[Change], Path], name: str) -> None:
    word, change = UNUSABLE[name]
    path = bad(change)
    assert problems(invoke("runs", "list", "--json")) == []
    assert invoke("eval", path).refused(word)
    assert invoke("export", path, "network.npz").refused(word)
    assert not Path("network.npz").exists()


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_only_shown(bad: Callable[[Change], Path], name: str) -> None:
    path = bad(HARMLESS[name])
    assert invoke("eval", path).code == 0
    assert invoke("runs", "export", path, "--csv", "out.csv").code == 0
    for row in csv.reader(Path("out.csv").read_text().splitlines()):
        assert not any(cell.startswith(("=", "@", "+")) for cell in row)


@pytest.mark.parametrize(
    "command",
    [
        "compare --format json",
        pytest.param("runs list", marks=pytest.mark.slow),
        pytest.param("compare --report report.html", marks=pytest.mark.slow),
    ],
)
def test_all_at_once(good: Path, command: str) -> None:
    """As a real process with little memory, among names, pipes and links that are no runs."""
    precious = Path("precious")
    shutil.copytree("runs/good", precious)
    before = {path: path.read_bytes() for path in precious.iterdir()}
    changes = [*UNREADABLE.values(), *HARMLESS.values()]
    changes += [change for _, change in [*SPOILT.values(), *UNUSABLE.values()]]
    for number, change in enumerate(changes):
        change(Path(shutil.copytree("runs/good", f"runs/bad-{number:02}")))
    for name in NAMES:
        shutil.copytree("runs/good", f"runs/{name}")
    Path("runs/link").symlink_to(precious.absolute())
    Path("runs/link to itself").symlink_to("link to itself")
    os.mkfifo("runs/pipe")

    said = run(*command.split(), preexec_fn=limited("RLIMIT_AS", MEMORY))
    assert said.code == 0, said.err
    assert "Traceback" not in said.err
    assert "is no regular file" in " ".join((said.out + said.err).split())
    assert all(line.isprintable() for line in (said.out + said.err).split("\n"))
    shown = said.out + "".join(path.read_text() for path in Path().glob("*.[ch][st][vm]*"))
    assert "relu" in shown
    assert {path: path.read_bytes() for path in precious.iterdir()} == before
