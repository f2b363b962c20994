"""`nnbasic export`: the network of a run as a file, by the file's ending."""

from pathlib import Path

import pytest

from support import Command


@pytest.mark.parametrize("ending", ["onnx", "safetensors", "npz", "json", "ONNX"])
def test_a_file_by_its_ending(ending: str, nnbasic: Command, runs: Path, ids: list[str]) -> None:
    answer = nnbasic("export", "tanh", f"tanh.{ending}")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith(f"tanh.{ending}: the network of {ids[2]} (")
    assert Path(f"tanh.{ending}").stat().st_size > 784 * 8 * 4
