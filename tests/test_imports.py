"""Which room may import which, read from the imports as they stand, also those in functions."""

import ast
import importlib.util
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from nnbasic.cli.main import COMMANDS

BELOW = {
    "model": set(),
    "data": set(),
    "configs": {"model", "data"},
    "training": {"configs", "model", "data"},
    "sweeps": {"training", "configs", "model", "data"},
    "compare": {"training", "configs", "model", "data"},
    "inference": {"training", "configs", "model", "data"},
    "studies": {"sweeps", "compare", "training", "configs", "model", "data"},
    "cli": {"studies", "sweeps", "compare", "inference", "training", "configs", "model", "data"},
}
"""What each room may import, beside itself."""

OUTSIDE = {"model": {"numpy", "threadpoolctl"}, "data": {"numpy"}}
"""The only packages from elsewhere in the rooms that know nobody."""


def sources() -> dict[str, Path]:
    """Module name → file of all that is installed as nnbasic."""
    found = {}
    for room in BELOW:
        spec = importlib.util.find_spec(f"nnbasic.{room}")
        assert spec is not None
        assert spec.origin is not None
        for file in sorted(Path(spec.origin).parent.glob("*.py*")):  # a stub after its module
            found[f"nnbasic.{room}" + f".{file.stem}" * (file.stem != "__init__")] = file
    return found


SOURCES = sources()


def imports(module: str) -> Iterator[str]:
    """The modules that ``module`` names in its imports; a name that is none, its module's."""
    for node in ast.walk(ast.parse(SOURCES[module].read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # a stub of lazily imported names has to import from within its room
            assert bool(node.level) == (SOURCES[module].suffix == ".pyi"), module
            source = f"{module}.{node.module}" if node.level else str(node.module)
            for alias in node.names:
                inner = f"{source}.{alias.name}"
                yield inner if inner in SOURCES else source


def room(module: str) -> str:
    return module.split(".")[1]


def test_all_rooms_are_here() -> None:
    assert {room(module) for module in SOURCES} == set(BELOW)


@pytest.mark.parametrize("module", SOURCES)
def test_imports_go_one_way(module: str) -> None:
    rooms = {room(name) for name in imports(module) if name.startswith("nnbasic.")}
    assert rooms <= BELOW[room(module)] | {room(module)}


@pytest.mark.parametrize("module", [name for name in SOURCES if room(name) in OUTSIDE])
def test_packages_from_outside(module: str) -> None:
    packages = {name.partition(".")[0] for name in imports(module)}
    foreign = packages - sys.stdlib_module_names - {"nnbasic", "__future__"}
    assert foreign <= OUTSIDE[room(module)]


def test_no_two_files_import_each_other() -> None:
    graph = {
        module: {name for name in imports(module) if name in SOURCES and name != module}
        for module in SOURCES
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def test_commands_do_not_import_commands() -> None:
    commands = {f"nnbasic.cli.{name}" for name in COMMANDS}
    for module in commands:
        assert not commands & set(imports(module)) - {module}
