"""docs/formulas.md has every component, as it is; the example of docs/own-activation.md runs."""

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nnbasic.model import ACTIVATIONS, INITIALIZERS, LOSSES, OPTIMIZERS, SCHEDULES
from nnbasic.model.registry import Registry, hyperparameters

ROOT = Path(__file__).parents[1]
DOC = (ROOT / "docs" / "formulas.md").read_text("utf-8")
EXAMPLE = (ROOT / "docs" / "own-activation.md").read_text("utf-8")
SECTIONS: list[tuple[str, Registry[Any]]] = [
    ("Activations", ACTIVATIONS),
    ("Initialisers", INITIALIZERS),
    ("Losses", LOSSES),
    ("Optimisers", OPTIMIZERS),
    ("Schedules", SCHEDULES),
]
COMPONENTS = [(heading, table, name) for heading, table in SECTIONS for name in table]


def section(heading: str) -> str:
    """The text below ``heading``, up to the next one."""
    match = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", DOC, re.MULTILINE | re.DOTALL)
    assert match, heading
    return match[1]


def written(value: Any) -> str:
    """A default as the document writes it."""
    if isinstance(value, tuple):
        return " and ".join(map(written, value))
    return {"None": "null", "False": "false"}.get(str(value), str(value))


@pytest.mark.parametrize(("heading", "table", "name"), COMPONENTS)
def test_every_component_stands_in_its_table_with_its_defaults(
    heading: str, table: Registry[Any], name: str
) -> None:
    introduction = section(heading).partition("\n|")[0]
    (row,) = re.findall(rf"^\| `{name}` \|.*$", section(heading), re.MULTILINE)
    component = table.build(name)
    for key in hyperparameters(table[name]):
        entry = f"`{key}` {written(getattr(component, key))}"
        assert entry in row or entry in introduction, entry


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`(model/\w+\.py)`", DOC))))
def test_the_files_that_it_names_exist(path: str) -> None:
    assert (ROOT / path).is_file()


def block(language: str) -> str:
    """The first code block of the example in ``language``."""
    code, *_ = re.findall(rf"```{language}\n(.*?)```", EXAMPLE, re.DOTALL)
    return str(code)


@pytest.fixture
def example(workplace: Path) -> Path:
    """A folder with the two files of the example, under the names that the text gives them."""
    assert "Save this as `my_activation.py`" in " ".join(EXAMPLE.split())
    assert "in `my.yaml`" in EXAMPLE
    (workplace / "my_activation.py").write_text(block("python"), "utf-8")
    (workplace / "my.yaml").write_text(block("yaml"), "utf-8")
    return workplace


def process(command: str, *more: str) -> subprocess.CompletedProcess[str]:
    """Run a command line of the document, with options after it."""
    program, *arguments = shlex.split(command)
    assert program == "nnbasic"
    full = [sys.executable, "-m", "nnbasic", *arguments, *more]
    return subprocess.run(full, capture_output=True, text=True, check=False, timeout=120)


def test_the_example_passes_the_gradient_check_and_trains(example: Path) -> None:
    gradcheck, train, _ = block("sh").splitlines()
    done = process(gradcheck)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("snake: agrees at ")
    assert re.search(r"^layer1\.weight +200704 +100 ", done.stdout, re.MULTILINE)
    small = ["layers=[784, 20, 10]", "data.dataset=digits", "data.validation=9000", "epochs=1"]
    done = process(train, "--quiet", *(word for one in small for word in ("--set", one)))
    assert done.returncode == 0, done.stderr
    assert "on digits" in done.stdout
