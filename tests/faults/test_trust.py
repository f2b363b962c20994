"""What comes from others is not run, and nothing is written outside the folder that was named."""

import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import numpy as np
import pytest

from nnbasic.configs import load
from nnbasic.sweeps.cluster import read_files, write_files
from nnbasic.training import Run, RunError
from support import invoke, run

TRAP = "open({marker!r}, 'a').write(__name__ + '\\n')\nraise SystemExit(f'{{__name__}} was run')\n"

PLUGIN = """
from pathlib import Path

from nnbasic.model import ACTIVATIONS

with Path(__file__).with_name("executed").open("a") as file:
    file.write("once\\n")

ACTIVATIONS.register("ours")(type("Ours", (ACTIVATIONS["relu"],), {}))
"""


@pytest.fixture
def picture(workplace: Path) -> Path:
    pixels = np.zeros((28, 28), np.uint8)
    pixels[4:24, 13:16] = 255
    np.save("picture.npy", pixels)
    return workplace


QUICK = ["train --config small --quiet", "compare"]
SLOW = ["train --config small --name first --quiet", "sweep --config small --seeds 2 --jobs 2"]
SLOW += ["runs list", "runs diff first small", "runs tag first good", "eval first", "draw first"]
SLOW += ["runs export first --csv a.csv --tensorboard events", "predict first picture.npy"]
SLOW += ["gradcheck --config small", "configs schema", "data show --dataset digits"]
SLOW += ["compare --report a.html", "runs rm first"]


class TestModules:
    """A file lies in the current folder for each module that a program could import."""

    @pytest.fixture
    def marker(self, picture: Path) -> Path:
        """The file to which a trap that was sprung writes its name."""
        marker = picture.parent / "sprung"
        names = {*sys.stdlib_module_names, *packages_distributions(), "yaml", "tensorboardX"}
        for name in names - {"data", "nnbasic"}:
            Path(f"{name}.py").write_text(TRAP.format(marker=str(marker)))
        return marker

    @pytest.mark.parametrize("commands", [QUICK, pytest.param(SLOW, marks=pytest.mark.slow)])
    def test_no_command_runs_one(self, marker: Path, commands: list[str]) -> None:
        for command in commands:
            ended = run(*command.split())
            assert ended.code == 0, (command, ended.err)
            assert not marker.exists(), (command, marker.read_text())


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of somebody else, who has trained with a plugin."""
    folder = tmp_path_factory.mktemp("theirs")
    (folder / "ours.py").write_text(PLUGIN)
    (folder / "ours.yaml").write_text(
        "layers: [784, 8, 10]\nactivation: ours\ninit: he\nplugins: [ours.py]\nepochs: 1\n"
        "data: {dataset: digits, validation: 9000}\n"
    )
    environment = os.environ | {"XDG_STATE_HOME": str(folder)}
    said = run("train", "--config", "ours", "--quiet", "--name=x", cwd=folder, env=environment)
    assert said.code == 0, said.err
    (folder / "executed").unlink()
    return folder


LOADING = {
    "eval": "eval x",
    "predict": "predict x picture.npy",
    "export": "export x network.npz",
    "check": "configs check CONFIG",
    "show": "configs show CONFIG",
    "images": "data show --config CONFIG",
}
"""The commands that load a run or look at its config."""


def no_home() -> Path:
    raise RuntimeError("Could not determine home directory.")


class TestPlugins:
    @pytest.fixture
    def mine(self, theirs: Path, picture: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """The working directory, with their run, which can be gone on with, and their plugin."""
        monkeypatch.setenv("XDG_STATE_HOME", str(picture / "mine"))
        for name in ("ours.py", "ours.yaml"):
            shutil.copy(theirs / name, name)
        shutil.copytree(theirs / "runs", "runs")
        (record,) = Path("runs").glob("*/run.json")
        text = record.read_text().replace(str(theirs), str(picture))
        record.write_text(text.replace('"status": "finished"', '"status": "interrupted"'))
        config = record.with_name("config.yaml")
        config.write_text(config.read_text().replace(str(theirs), str(picture)))
        return config

    @pytest.mark.parametrize("name", LOADING)
    def test_those_of_a_stranger_run_only_if_the_user_says_so(self, mine: Path, name: str) -> None:
        command = LOADING[name].replace("CONFIG", str(mine)).split()
        refused = invoke(*command)
        assert refused.refused("ours.py was not run: you have not trained with this file here")
        assert "--trust-plugins" in refused.err
        assert not Path("executed").exists()
        said = invoke(*command, "--trust-plugins")
        assert said.code == 0, said.err
        assert Path("executed").read_text() == "once\n"

    @pytest.mark.parametrize("home", ["a read-only folder", ""])
    def test_where_none_can_be_kept_it_is_said_at_once_and_later(
        self, mine: Path, monkeypatch: pytest.MonkeyPatch, home: str
    ) -> None:
        """In a container: a file in place of the folder, as root may write everywhere; no home."""
        Path("a read-only folder").touch()
        monkeypatch.setenv("XDG_STATE_HOME", home)
        if not home:
            monkeypatch.setattr(Path, "home", classmethod(lambda _: no_home()))
        why = "it cannot be kept which plugins you have run"
        trained = invoke("train", "--config", "ours", "--epochs", 1, "--name", "own", "--quiet")
        assert (trained.code, why in trained.err) == (0, True)
        assert invoke("eval", "own").refused(f"ours.py was not run: {why}")

    def test_comparing_needs_none_of_them(self, mine: Path) -> None:
        assert invoke("compare", "--details").code == 0
        for command in ("train --resume x", "draw x"):
            assert invoke(*command.split()).refused("ours.py was not run")
        assert not Path("executed").exists()

    @pytest.mark.parametrize("changed", [False, True])
    def test_those_that_one_has_trained_with_run_until_they_change(
        self, mine: Path, changed: bool
    ) -> None:
        if changed:
            with Path("ours.py").open("a") as file:
                file.write("# and more\n")
        assert run("gradcheck", "--config", "ours").code == 0
        Path("executed").unlink()
        said = invoke("eval", "x")
        if changed:
            assert said.refused("ours.py was not run: the run was not trained with this file")
        assert said.code == 2 * changed, said.err
        assert Path("executed").exists() != changed

    def test_what_python_has_compiled_is_not_taken_for_the_file(self, mine: Path) -> None:
        """A cache beside the file may be of any other program, and say that it is of this one."""
        Path("evil.py").write_text("from pathlib import Path\nPath('evil').touch()\n")
        program = (
            "import importlib.util, py_compile; from py_compile import PycInvalidationMode as Mode;"
            "py_compile.compile('evil.py', importlib.util.cache_from_source('ours.py'),"
            " invalidation_mode=Mode.UNCHECKED_HASH)"
        )
        subprocess.run([sys.executable, "-c", program], check=True)
        assert load("ours").activation
        assert Path("executed").exists()
        assert not Path("evil").exists()


class TestLinks:
    """Nothing is written, moved or deleted through a link."""

    @pytest.fixture
    def directory(self, workplace: Path, trained_on_digits: Path) -> Path:
        Path("outside").mkdir()
        return Path(shutil.copytree(min(trained_on_digits.iterdir()), "runs/run"))

    @pytest.mark.parametrize("command", ["rm", "rm --purge", "restore"])
    def test_a_trash_that_leads_elsewhere(self, directory: Path, command: str) -> None:
        Path("runs/.trash").symlink_to(Path("outside").absolute())
        if command == "restore":
            directory = directory.rename("outside/run")
        assert invoke("runs", *command.split(), "run").code == 2
        assert directory.exists()

    def test_a_run_that_is_elsewhere(self, directory: Path) -> None:
        elsewhere = directory.rename("outside/run")
        directory.symlink_to(elsewhere.absolute())
        before = {path: path.read_bytes() for path in elsewhere.iterdir()}
        for command in ("runs tag run word", "runs rename run word", "train --resume run"):
            assert invoke(*command.split()).refused("is a link", str(elsewhere.absolute()))
        assert {path: path.read_bytes() for path in elsewhere.iterdir()} == before

    def test_a_lock_that_leads_elsewhere(self, directory: Path) -> None:
        Path("outside/file").write_text("precious")
        (directory / ".lock").unlink()
        (directory / ".lock").symlink_to(Path("outside/file").absolute())
        assert invoke("train", "--resume", "run").refused("is a link, and may lead anywhere")
        assert Path("outside/file").read_text() == "precious"

    def test_a_folder_of_trials_that_leads_elsewhere(self, directory: Path) -> None:
        Path("runs/.lr-search").symlink_to(Path("outside").absolute())
        sweep = "sweep --config small --seeds 1 --lr-search --jobs 1"
        assert invoke(*sweep.split()).refused("is a link")
        assert not [*Path("outside").iterdir()]


class TestFilesOfAWorker:
    @pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "..", ".lock", "a/b", "", "a\0b"])
    def test_a_name_that_leads_elsewhere(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(RunError, match="a worker sent the id"):
            write_files(tmp_path / "runs", {"": name.encode(), "run.json": b"{}"})
        with pytest.raises(RunError, match="which is no file of a run"):
            write_files(tmp_path / "runs", {"": b"run", name or "evil.py": b"evil"})
        assert [*tmp_path.iterdir()] == []

    def test_what_a_link_leads_to_is_not_sent(self, finished: Run, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("secret")
        (finished.directory / "user.json").unlink()
        (finished.directory / "user.json").symlink_to(tmp_path / "secret")
        (finished.directory / "other").write_text("none of a run")
        sent = read_files(finished)
        assert not {"user.json", "other"} & sent.keys()
        assert json.loads(sent["run.json"])["id"] == finished.id
