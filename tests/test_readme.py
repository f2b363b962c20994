"""The example of the library in the README does what it says."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")


@pytest.mark.filterwarnings("ignore:using the built-in digits")
def test_train_look_and_save(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"```python\n([^`]*fit\([^`]*)```", README)
    exec(example, {})
    *epochs, digits = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in epochs] == ["1", "2", "3"]
    assert float(epochs[-1].split()[1]) > 0.8
    found, right = re.findall(r"\[(.*?)\]", digits)
    assert len(found.split()) == len(right.split()) == 5
    with np.load("net.npz") as saved:
        assert saved["layer1.weight"].shape == (784, 100)
