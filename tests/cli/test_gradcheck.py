"""`nnbasic gradcheck`: right gradients pass, wrong ones do not."""

import re
from pathlib import Path

import pytest

from support import Command

SMALL = ("--set", "layers=[784, 12, 8, 10]")

WRONG = '''
import numpy as np

from nnbasic.model import ACTIVATIONS


@ACTIVATIONS.register("wrong_tanh")
class WrongTanh:
    """Forgets the square in 1 - a²."""

    def forward(self, x):
        self.a = np.tanh(x)
        return self.a

    def backward(self, dout):
        return dout * (1 - self.a)
'''


@pytest.mark.parametrize("preset", ["relu", "prelu"])
def test_a_preset_agrees(nnbasic: Command, preset: str) -> None:
    said = nnbasic("gradcheck", "--config", preset, *SMALL)
    assert (said.code, said.err) == (0, "")
    assert [path.name for path in Path().iterdir()] == ["small.yaml"]
    first, *lines, last = said.out.splitlines()
    assert first == f"{preset}: agrees at 172 points from -10000 to 10000; kinks at z = 0"
    assert last == f"All {len(lines) - 1} parameters agree to within 1e-06."
    assert lines[0].split() == ["parameter", "size", "checked", "relative", "error"]
    names = [line.split()[0] for line in lines[1:]]
    assert {"layer1.weight", "layer1.bias", "layer3.weight", "layer3.bias"} <= set(names)
    assert ("layer1.slope" in names) == (preset == "prelu")
    for line in lines[1:]:
        assert re.fullmatch(r"layer\d\.\w+ +\d+ +\d+ +\d\.\de-?\+?\d\d", line)


def test_a_wrong_gradient_is_exit_code_1_and_names_the_parameters(
    workplace: Path, nnbasic: Command
) -> None:
    Path("wrong.py").write_text(WRONG)
    Path("wrong.yaml").write_text("activation: wrong_tanh\ninit: xavier\nplugins: [wrong.py]\n")
    said = nnbasic("gradcheck", "--config", "wrong", *SMALL)
    assert said.code == 1
    wrong = [line.split()[0] for line in said.out.splitlines() if line.endswith("above 1e-06")]
    assert wrong == ["layer1.weight", "layer1.bias", "layer2.weight", "layer2.bias"]
    assert said.out.endswith("\n4 of 6 parameters differ.\n")


def test_a_point_that_is_wrong_is_the_last_word(workplace: Path, nnbasic: Command) -> None:
    """Beyond 19, where the pre-activations of a network before its first step do not come."""
    code = WRONG.replace("(1 - self.a)", "(1 - self.a**2 + (self.a == 1))")
    Path("wrong.py").write_text(code.replace("wrong_tanh", "far_off"))
    Path("wrong.yaml").write_text("activation: far_off\ninit: xavier\nplugins: [wrong.py]\n")
    said = nnbasic("gradcheck", "--config", "wrong", *SMALL)
    assert said.code == 1
    assert said.out.startswith("far_off: at z = 20 and dout = 2 backward gives 2, the difference")
    assert said.out.endswith(
        "\nThe 6 parameters agree to within 1e-06, but not all points of far_off.\n"
    )
