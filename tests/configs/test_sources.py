"""Which file a name means."""

import shutil
from pathlib import Path

import pytest

import nnbasic.configs
from nnbasic.configs import ConfigError, Listed, listing, load, presets
from nnbasic.configs.sources import find
from nnbasic.model.activations import ReLU

SHIPPED_EPOCHS = 10


@pytest.fixture
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with nothing in it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["relu", "relu.yaml", "configs/relu.yaml", "configs/relu"])
def test_a_preset_is_found_from_anywhere(empty_folder: Path, name: str) -> None:
    assert load(name).activation == ReLU()
    assert load(f"./{name}").epochs == SHIPPED_EPOCHS
    assert load(Path(name)).epochs == SHIPPED_EPOCHS


def test_a_path_comes_before_the_folder_configs_and_that_before_the_preset(
    empty_folder: Path,
) -> None:
    assert load("relu").epochs == SHIPPED_EPOCHS
    (empty_folder / "configs").mkdir()
    (empty_folder / "configs" / "relu.yaml").write_text("epochs: 1")
    assert load("relu").epochs == load("relu.yaml").epochs == load("configs/relu").epochs == 1
    (empty_folder / "relu.yaml").write_text("epochs: 2")
    assert load("relu").epochs == load("relu.yaml").epochs == 2
    assert load("configs/relu").epochs == 1


def test_a_path_may_be_absolute_and_leave_out_the_suffix(tmp_path: Path) -> None:
    (tmp_path / "my.v2.yaml").write_text("epochs: 1")
    assert load(tmp_path / "my.v2").epochs == load(str(tmp_path / "my.v2.yaml")).epochs == 1
    with pytest.raises(ConfigError, match="no such config"):
        load(tmp_path / "relu.yaml")


def test_a_path_may_begin_in_the_home_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "mine.yaml").write_text("epochs: 1")
    assert load("~/mine").epochs == 1


def test_a_directory_does_not_hide_a_config(empty_folder: Path) -> None:
    (empty_folder / "relu").mkdir()
    assert load("relu").epochs == SHIPPED_EPOCHS
    with pytest.raises(ConfigError, match="relu: is a directory; name a file in it"):
        load(str(empty_folder / "relu"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("rellu", "rellu: no such config; did you mean relu"),
        ("other/relu.yaml", "other/relu.yaml: no such config; did you mean relu"),
        ("nothing-like-it", "nothing-like-it: no such config; `nnbasic configs list` shows"),
        ("a" * 5000, "no such config"),
        ("a\0b", "a\0b: no such config"),
    ],
)
def test_no_such_config(empty_folder: Path, name: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(name)
    assert message in str(caught.value)
    assert "`nnbasic configs list`" in str(caught.value)


def test_the_listing_has_both_and_says_what_is_hidden(empty_folder: Path) -> None:
    assert all(entry.shipped and not entry.hidden for entry in listing())
    assert {e.name: e.description for e in listing() if "/" not in e.name} == presets()
    folder = empty_folder / "configs"
    folder.mkdir()
    (folder / "relu.yaml").write_text("# Mine.\nepochs: 1")
    (folder / "other.yaml").write_bytes(b"\xff")
    (folder / "folder.yaml").mkdir()
    entries = listing()
    assert entries[:2] == [Listed("other", "cannot be read", False), Listed("relu", "Mine.", False)]
    assert [entry.name for entry in entries if entry.hidden] == ["relu"]


@pytest.mark.parametrize("install", ["a link to the folder", "links to the files", "copies"])
def test_a_checkout_lists_its_configs_once(empty_folder: Path, install: str) -> None:
    """Whichever way the package is installed, ./configs holds the same presets."""
    shipped = Path(nnbasic.configs.__file__).parent
    here = empty_folder / "configs"
    if install == "a link to the folder":
        here.symlink_to(shipped)
    else:
        here.mkdir()
        (here / "published").mkdir()
        for file in shipped.glob("**/*.yaml"):
            if install == "copies":
                shutil.copy(file, here / file.relative_to(shipped))
            else:
                (here / file.relative_to(shipped)).symlink_to(file)
    names = [entry.name for entry in listing() if entry.shipped and not entry.hidden]
    assert names == [*presets(), *published()]


def published() -> list[str]:
    """The names of the shipped configs that repeat what papers report."""
    folder = Path(nnbasic.configs.__file__).parent
    files = sorted(folder.glob("published/*.yaml"))
    return [file.relative_to(folder).as_posix().removesuffix(".yaml") for file in files]


def test_published_results_are_found_by_name(empty_folder: Path) -> None:
    (empty_folder / "published").mkdir()  # of another program
    for name in published():
        config = load(name)
        assert config.data.dataset == "mnist"
        assert find(f"configs/{name}.yaml") == find(name)
    with pytest.raises(ConfigError, match="did you mean published/simard-elastic or"):
        load("published/simard-elasic")
    (empty_folder / "published" / "simard-plain.yaml").write_text("epochs: 3")
    assert load("published/simard-plain").epochs == 3
