"""Commands run within the test's process, as if they had been typed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from nnbasic.cli.main import main


@dataclass(frozen=True)
class Said:
    """How a command ended: its exit code and what it wrote."""

    code: int
    out: str
    err: str

    def json(self) -> dict[str, Any]:
        """The one JSON object that stdout consists of."""
        value = json.loads(self.out, parse_constant=pytest.fail)
        assert isinstance(value, dict)
        return value

    def cells(self) -> list[list[str]]:
        """The head and the rows of the table that stdout begins with."""
        return [line.split() for line in self.out.partition("\n\n")[0].splitlines()]

    def refused(self, *words: str) -> bool:
        """Whether it was exit code 2 with one readable message that has ``words``."""
        message = " ".join(self.err.split())
        assert self.code == 2, self.err
        assert self.out == ""
        assert "Traceback" not in self.err
        assert message.count("Error:") == 1
        for word in words:
            assert word in message
        return True


Command = Callable[..., Said]


@pytest.fixture
def nnbasic(workplace: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run `nnbasic` with the given arguments in the working directory."""

    def run(*arguments: object) -> Said:
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit:
            main(list(map(str, arguments)), prog_name="nnbasic")
        out, err = capsys.readouterr()
        assert isinstance(exit.value.code, int)
        return Said(exit.value.code, out, err)

    return run


@pytest.fixture
def runs(workplace: Path, trained_on_digits: Path) -> Path:
    """relu of seeds 0 and 1, and tanh, in ./runs."""
    return Path(shutil.copytree(trained_on_digits, workplace / "runs"))


@pytest.fixture
def edit() -> Callable[..., None]:
    """Change keys of the `run.json` in a directory."""

    def edit(directory: Path, **changes: Any) -> None:
        path = directory / "run.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return edit


@pytest.fixture
def ids(runs: Path) -> list[str]:
    started = [json.loads(path.read_text()) for path in runs.glob("*/run.json")]
    return [record["id"] for record in sorted(started, key=lambda record: record["started"])]
