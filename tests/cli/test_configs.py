"""`nnbasic configs`."""

import json
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from nnbasic.cli.main import main
from nnbasic.configs import json_schema, load, loads, presets
from support import Said, invoke


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def configs(*arguments: object) -> Said:
    return invoke("configs", *arguments)


def test_list_names_each_preset_within_80_columns(empty_folder: Path) -> None:
    (empty_folder / "configs").mkdir()
    (empty_folder / "configs" / "mine.yaml").write_text("# " + "long words " * 20)
    (empty_folder / "configs" / "relu.yaml").write_text("# \x1b[31mRed.")
    result = configs("list")
    assert result.code == 0
    lines = result.out.splitlines()
    assert max(map(len, lines)) <= 80
    for name, description in presets().items():
        hidden = "(hidden by ./configs/relu.yaml) " if name == "relu" else ""
        assert f"{name} {hidden}{description}" in " ".join(result.out.split())
    assert lines[0] == "In ./configs:"
    assert "\x1b" not in result.out


def test_show_prints_a_config_that_means_the_same() -> None:
    assert loads(configs("show", "tanh").out) == load("tanh")
    changed = configs("show", "tanh", "--set", "epochs=3", "--set", "optimizer.lr=1e-3").out
    assert loads(changed) == load("tanh", ["epochs=3", "optimizer.lr=0.001"])


def test_check_reports_each_problem_on_stderr(empty_folder: Path) -> None:
    Path("my.yaml").write_text("epochs: 0\nlayer: [784, 10]\n")
    result = configs("check", "my.yaml", "--set", "seed=x")
    assert result.code == 2
    assert result.out == ""
    assert result.err.splitlines() == [
        "Error: the config has 3 problems:",
        "my.yaml:1: epochs: must be at least 1 and at most 100000, not 0",
        "my.yaml:2: layer: unknown key; did you mean 'layers'?",
        "--set seed=x: seed: must be a whole number, not the text 'x'",
    ]
    assert list(empty_folder.iterdir()) == [empty_folder / "my.yaml"]


def test_check_json_of_a_right_config() -> None:
    result = configs("check", "relu", "--json", "--set", "epochs=3")
    assert result.code == 0
    assert json.loads(result.out) == {
        "config": "relu",
        "valid": True,
        "problems": [],
        "resolved": load("relu", ["epochs=3"]).model_dump(),
    }


def test_check_json_of_a_wrong_config_is_one_object_too(empty_folder: Path) -> None:
    Path("my.yaml").write_text("\n\nepochs: 0")
    result = configs("check", "my.yaml", "--json", "--set", "seed=x")
    assert (result.code, result.err) == (2, "")
    assert json.loads(result.out) == {
        "config": "my.yaml",
        "valid": False,
        "problems": [
            {"key": "epochs", "line": 3, "message": "must be at least 1 and at most 100000, not 0"},
            {"key": "seed", "line": None, "message": "must be a whole number, not the text 'x'"},
        ],
        "resolved": None,
    }


@pytest.mark.parametrize("command", ["show", "check"])
def test_no_such_config(command: str) -> None:
    result = configs(command, "rellu")
    assert result.code == 2
    assert "Error: rellu: no such config; did you mean relu" in result.err


def test_schema() -> None:
    assert json.loads(configs("schema").out) == json.loads(json.dumps(json_schema()))


def completions(*arguments: str, incomplete: str) -> list[tuple[str, str]]:
    complete = ShellComplete(main, {}, "nnbasic", "_NNBASIC_COMPLETE")
    found = complete.get_completions(["configs", *arguments], incomplete)
    return [(item.type, item.value) for item in found]


def test_the_shell_completes_names_and_files(empty_folder: Path) -> None:
    (empty_folder / "configs").mkdir()
    (empty_folder / "configs" / "tansy.yaml").touch()
    assert completions("show", incomplete="tan") == [("plain", "tanh"), ("plain", "tansy")]
    (empty_folder / "milder.yaml").touch()
    assert completions("check", incomplete="mi") == [("plain", "milder.yaml"), ("plain", "mish")]
    assert completions("check", incomplete="./my") == [("file", "./my")]
    assert ("plain", "published/simard-elastic") in completions("show", incomplete="pub")
