"""Components of the user."""

from pathlib import Path

import pytest

from nnbasic.configs import ConfigError, json_schema, load, loads
from support import PLUGIN


@pytest.fixture
def cube(tmp_path: Path) -> Path:
    """A config with a plugin of plain NumPy."""
    (tmp_path / "cube.py").write_text(PLUGIN.format(name="cube"), encoding="utf-8")
    config = tmp_path / "cube.yaml"
    config.write_text("activation: {name: cube, power: 3}\nplugins: [cube.py]")
    return config


def test_a_plugin_is_known_to_its_config(cube: Path) -> None:
    config = load(cube)
    assert config.model_dump()["activation"] == {"name": "cube", "power": 3.0}
    assert config.plugins == [str(cube.parent / "cube.py")]
    schema = json_schema()["properties"]["activation"]["anyOf"]
    assert "cube" in schema[0]["enum"]


def test_its_hyperparameters_are_checked(cube: Path) -> None:
    with pytest.raises(ConfigError, match=r"activation\.power: must be a number, not the text"):
        load(cube, ["activation.power=big"])


def test_a_config_with_plugins_is_not_told_of_them(cube: Path) -> None:
    with pytest.raises(ConfigError, match=r"unknown activation 'cubic'; did you mean 'cube'\?$"):
        load(cube, ["activation=cubic"])


def test_without_a_file_the_working_directory_counts(
    cube: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(cube.parent)
    assert loads(cube.read_text()) == load(cube)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("x = 1\nboom()", "bad.py:2: NameError: name 'boom' is not defined"),
        ("def f():\n    return 1 / 0\n\nf()", "bad.py:2: ZeroDivisionError: division by zero"),
        ("x = 1\nx = (", "bad.py:2: SyntaxError: '(' was never closed"),
        ("x = 1", 'bad.py registers no component: add @ACTIVATIONS.register("bad") above the'),
        ("import sys\nsys.exit(3)", "bad.py:2: SystemExit: 3"),
        (
            "from nnbasic.model import ACTIVATIONS\n\nACTIVATIONS.register('relu')(object)",
            "bad.py:3: ValueError: the activation 'relu' is registered already",
        ),
    ],
)
def test_its_errors_have_file_and_line(tmp_path: Path, code: str, message: str) -> None:
    (tmp_path / "bad.py").write_text(code)
    config = tmp_path / "my.yaml"
    config.write_text("activation: cube\nplugins:\n- bad.py")
    with pytest.raises(ConfigError) as caught:
        load(config)
    assert str(caught.value).startswith(f"{config}:3: plugins.0: ")
    assert message in str(caught.value)
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize("name", ["none.py", "."])
def test_files_that_are_no_plugins(tmp_path: Path, name: str) -> None:
    config = tmp_path / "my.yaml"
    config.write_text(f"plugins: [{name}]")
    with pytest.raises(ConfigError, match=r"plugins\.0: .* cannot be read: "):
        load(config)
