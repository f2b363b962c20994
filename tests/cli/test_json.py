"""`--json` leaves stdout to one JSON object, whatever else prints."""

import json
from pathlib import Path

import pytest

from support import Command, run

LOUD = """
import os

from nnbasic.model import ACTIVATIONS

print("imported")
os.system("echo from another process")


@ACTIVATIONS.register("loud")
class Loud:
    def __init__(self):
        print("built")

    def forward(self, x):
        print("forward")
        self.mask = x > 0
        return x * self.mask

    def backward(self, dout):
        print("backward")
        return dout * self.mask
"""


@pytest.fixture
def loud(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A config whose plugin prints at every occasion, trained by two processes."""
    Path("loud.py").write_text(LOUD)
    small = Path("small.yaml").read_text()
    Path("loud.yaml").write_text(small + "activation: loud\ninit: he\nplugins: [loud.py]\n")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    return workplace / "loud.yaml"


@pytest.mark.slow
def test_a_plugin_prints_to_stderr(loud: Path) -> None:
    train, resume = ("train", "--config", "loud"), ("train", "--resume", "again")
    for command, words in (
        (
            ("configs", "check", "loud", "--trust-plugins"),
            {"imported", "from another process", "built"},
        ),
        ((*train, "--epochs", 1), {"imported", "built", "forward", "backward"}),
        (("eval",), {"imported", "from another process", "built", "forward"}),
        ((*train, "--name", "again", "--set", "optimizer.lr=1e30"), {"backward"}),
        (("configs", "check", "loud", "--set", "epochs=0"), {"imported"}),
    ):
        said = run(*command, "--json")
        assert isinstance(json.loads(said.out), dict)
        assert words <= set(said.err.splitlines())
    assert run(*resume, "--json").out == ""  # the error of a run that has ended
    assert "imported" in run("configs", "check", "loud").out


def test_what_follows_the_command_has_stdout_again(nnbasic: Command) -> None:
    nnbasic("configs", "check", "small", "--json")
    assert nnbasic("configs", "check", "small").out == "small is valid.\n"
    assert nnbasic("configs", "check", "none", "--json").code == 2
    assert nnbasic("configs", "check", "small").out == "small is valid.\n"
