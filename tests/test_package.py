"""The package above the rooms: `python -m nnbasic`, and its version."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import nnbasic


def test_as_a_module_it_is_the_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "nnbasic", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout == f"nnbasic, version {nnbasic.__version__}\n"


def test_its_version_is_that_of_the_installation() -> None:
    assert nnbasic.__version__ == version("nnbasic")
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = nnbasic.nothing


def test_it_imports_no_room() -> None:
    code = "import nnbasic, sys; print([name for name in sys.modules if 'nnbasic.' in name])"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
