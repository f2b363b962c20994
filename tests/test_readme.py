"""What the README and docs/python.md show works when it is typed, from top to bottom."""

import os
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from support import SCRIPTS

ROOT = Path(__file__).parents[1]
SET_UP = ("pip ", "python3 -m venv", "bash .ci")
"""How the lines begin that .ci/run types in an environment of its own."""


@pytest.mark.filterwarnings("ignore:using the built-in digits")
def test_train_look_and_save(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "python.md").read_text("utf-8")
    (example,) = re.findall(r"```python\n([^`]*fit\([^`]*)```", page)
    exec(example, {})
    *epochs, digits = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in epochs] == ["1", "2", "3"]
    assert float(epochs[-1].split()[1]) > 0.8
    found, right = re.findall(r"\[(.*?)\]", digits)
    assert len(found.split()) == len(right.split()) == 5
    with np.load("net.npz") as saved:
        assert saved["layer1.weight"].shape == (784, 100)


@pytest.mark.slow
@pytest.mark.parametrize("page", ["README.md", "docs/tutorial.md"])
def test_the_commands_of_a_page_work_as_they_stand(page: str, workplace: Path) -> None:
    """With the files that it says to save, in one folder, in order."""
    Path("docs").symlink_to(ROOT / "docs")
    text = (ROOT / page).read_text("utf-8")
    environment = os.environ | {"PATH": f"{SCRIPTS}:{os.environ['PATH']}"}
    commands = []
    for block in re.finditer(r"```(\w+)\n(.*?)```", text, re.DOTALL):
        paragraph = text[: block.start()].rstrip().rpartition("\n\n")[2]
        if block[1] not in ("sh", "console"):
            if name := re.search(r"`([\w-]+\.(?:py|yaml))`", paragraph):
                Path(name[1]).write_text(block[2])
            continue
        typed = re.findall(r"^\$ (.*)$" if block[1] == "console" else ".+", block[2], re.MULTILINE)
        for command in typed:
            if not command.startswith(SET_UP):
                commands.append(command)
                done = subprocess.run(
                    command, shell=True, env=environment, capture_output=True, text=True
                )
                assert done.returncode == 0, (command, done.stderr)
    assert commands
